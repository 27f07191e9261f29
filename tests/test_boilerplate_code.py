"""Text about programs has the words of boilerplate, and is none."""

import pytest

import dedup

PROSE = "The scheduler keeps a list of what is to be done, and works it off whenever nothing else is running."


@pytest.mark.parametrize(
    "line",
    [
        "This function returns a cookie that can be passed to poll_state_synchronize_srcu() later.",
        "See also: DRM_MODESET_LOCK_ALL_BEGIN() and DRM_MODESET_LOCK_ALL_END()",
        "subscribe to RTNLGRP_LINK",
    ],
)
def test_lines_about_code_stay(line: str) -> None:
    """A call, or a name that only code has, makes a line content."""
    assert dedup.clean([f"{PROSE}\n\n{line}"]).removed.num_rows == 0


@pytest.mark.parametrize(
    "line",
    [
        "Copyright (c) 2006 K_J <hack_bunny@example.org>. All rights reserved.",
        "To unsubscribe from this list, go to https://lists.example.org/mailman/list_info/some_list()",
        "Copyright (c) 2006 The Marsh Press. All rights reserved.",
    ],
)
def test_addresses_are_no_code(line: str) -> None:
    """Underscores and brackets in addresses say nothing."""
    removed = dedup.clean([f"{PROSE}\n\n{PROSE.replace('list', 'table')}\n\n{line}"], duplicates=False).removed
    assert removed["reason"].to_pylist() == ["boilerplate"]
