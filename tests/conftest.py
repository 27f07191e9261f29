"""What every test needs: kernels compiled from the sources as they are now, and repeatable draws."""

import hashlib
import os
from pathlib import Path

from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent


def kernel_digest() -> str:
    """Give a digest of all kernel sources."""
    digest = hashlib.sha256()
    for source in sorted((ROOT / "dedup" / "kernels").glob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


# numba knows a cached kernel by its own file's time, not by those of the kernels it calls, nor by whether it checks
# bounds: without a folder for each state of these a test could run other code. Set before numba is imported;
# processes started by tests inherit it.
CHECKS_BOUNDS = os.environ.get("NUMBA_BOUNDSCHECK") == "1"
CACHE = kernel_digest() + ("-checked" if CHECKS_BOUNDS else "")
os.environ["NUMBA_CACHE_DIR"] = str(ROOT / ".pytest_cache" / "kernels" / CACHE)

# Compiling and interpreting kernels both take longer than hypothesis thinks an example should.
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("fixed", deadline=None, derandomize=True, suppress_health_check=SLOW)
settings.register_profile("search", deadline=None, max_examples=2000, suppress_health_check=SLOW)
settings.register_profile("interpreted", deadline=None, derandomize=True, max_examples=12, suppress_health_check=SLOW)
settings.load_profile("interpreted" if os.environ.get("NUMBA_DISABLE_JIT") == "1" else "fixed")
