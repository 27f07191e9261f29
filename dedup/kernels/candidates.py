"""Which rows are equal, and which pairs share a band."""

import numpy as np
from numba import njit

from dedup.kernels.mixing import mix64

_ONE = np.uint64(1)
_PLACE_BITS = np.uint64(6)
_PLACE_MASK = np.uint64(63)
_ONES = np.uint64(0x0101010101010101)
_LOW_BITS = np.uint64(0x7777777777777777)
_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_COUNT_SHIFT = np.uint64(56)
_THREE, _FOUR, _FIFTEEN = np.uint64(3), np.uint64(4), np.uint64(15)
_VALUES_A_WORD = 16


@njit(cache=True, nogil=True)
def first_equal(hashes, flags, flag, first):
    """Fill in first int32[n]: the lowest row of hashes uint64[n, 2] equal to each row.

    flags uint8[n]: for rows that have `flag` set, it is the lowest of those that do. With 0 they are not looked at.
    """
    n = len(hashes)
    size = 2
    while size < 2 * n:
        size *= 2
    mask = np.uint64(size - 1)
    table = np.full(size, -1, dtype=np.int32)
    for row in range(n):
        slot = mix64(hashes[row, 0] ^ hashes[row, 1]) & mask
        while table[slot] >= 0 and not (
            hashes[table[slot], 0] == hashes[row, 0] and hashes[table[slot], 1] == hashes[row, 1]
        ):
            slot = (slot + _ONE) & mask
        if table[slot] < 0:
            table[slot] = row
        first[row] = table[slot]
    if flag:
        table[:n] = -1
        for row in range(n):
            if flags[row] & flag:
                if table[first[row]] < 0:
                    table[first[row]] = row
                first[row] = table[first[row]]


@njit(cache=True, nogil=True)
def part_rows(hashes, salts, n_parts, bounds, order, parted):
    """Sort rows of hashes uint64[n, 2] into parts such that equal rows are in one part, in order.

    salts uint64[n], or uint64[0], are first added to both halves by XOR; n_parts is a power of two. Out: bounds
    int64[n_parts + 1], where in the other two each part begins; order int32[n], rows; parted uint64[n, 2].
    """
    n = len(hashes)
    mask = np.uint64(n_parts - 1)
    bounds[:] = 0
    for row in range(n):
        # Not the bits that first_equal looks at: those must differ within a part.
        bounds[np.int64((hashes[row, 0] ^ _salt(salts, row)) >> np.uint64(40) & mask) + 1] += 1
    for part in range(n_parts):
        bounds[part + 1] += bounds[part]
    for row in range(n):
        salt = _salt(salts, row)
        own = np.int64((hashes[row, 0] ^ salt) >> np.uint64(40) & mask)
        order[bounds[own]] = row
        parted[bounds[own], 0] = hashes[row, 0] ^ salt
        parted[bounds[own], 1] = hashes[row, 1] ^ salt
        bounds[own] += 1
    for part in range(n_parts, 0, -1):
        bounds[part] = bounds[part - 1]
    bounds[0] = 0


@njit(cache=True, nogil=True)
def mark_keys(keys, rows, salts, seen):
    """Take note of keys; give how many keys, of all noted in `seen`, may be those of several rows by this call.

    keys uint64[]; rows int32[n], the places in `keys` that count; salts uint64[n], or uint64[0], are added by XOR;
    seen uint64[power of two, 2], at first 0: bits by the hash of a key, in [:, 0] where there was one such row, in
    [:, 1] where there were more. The numbers given add up to the rows that collect_shared finds.
    """
    shift = _first_bits(64 * len(seen))
    n_shared = 0
    for place in range(len(rows)):
        bit = mix64(keys[rows[place]] ^ _salt(salts, place)) >> shift
        word, mask = bit >> _PLACE_BITS, _ONE << (bit & _PLACE_MASK)
        if seen[word, 0] & mask == 0:
            seen[word, 0] |= mask
            continue
        n_shared += 1
        if seen[word, 1] & mask == 0:
            seen[word, 1] |= mask
            n_shared += 1
    return n_shared


@njit(cache=True, nogil=True)
def collect_shared(keys, rows, salts, seen, parts, first_member, hashes, members):
    """Collect the rows of one part whose keys may be those of several rows; give how many they are.

    keys, rows, salts and seen as in mark_keys; parts (part, how many, a power of two); the row at place i is member
    first_member + i. Out: hashes uint64[n] and members int32[n].
    """
    shift = _first_bits(64 * len(seen))
    part, part_mask = np.uint64(parts[0]), np.uint64(parts[1] - 1)
    n = 0
    for place in range(len(rows)):
        mixed = mix64(keys[rows[place]] ^ _salt(salts, place))
        bit = mixed >> shift
        if seen[bit >> _PLACE_BITS, 1] & (_ONE << (bit & _PLACE_MASK)) == 0 or mixed & part_mask != part:
            continue
        hashes[n] = mixed
        members[n] = first_member + place
        n += 1
    return n


@njit(cache=True, nogil=True)
def group_members(hashes, members, grouped, begins):
    """Put members of equal hash together, in order, and leave out those whose hash no other has; give how many stay.

    hashes uint64[n], members int32[n]; out: grouped int32[n], begins int32[n], where in `grouped` the group begins.
    """
    n = len(hashes)
    size = 4
    while size < 2 * n:
        size *= 2
    shift = _first_bits(size)
    mask = np.uint64(size - 1)
    owner = np.full(size, -1, dtype=np.int32)  # the first row of the hash that has this slot
    first = np.empty(n, dtype=np.int32)
    count = np.zeros(n, dtype=np.int32)
    for row in range(n):
        slot = hashes[row] >> shift
        while owner[slot] >= 0 and hashes[owner[slot]] != hashes[row]:
            slot = (slot + _ONE) & mask
        if owner[slot] < 0:
            owner[slot] = row
        first[row] = owner[slot]
        count[owner[slot]] += 1
    place = np.empty(n, dtype=np.int32)  # where the next of a group goes
    n_grouped = 0
    for row in range(n):
        if count[first[row]] < 2:
            continue
        if first[row] == row:
            place[row] = n_grouped
            n_grouped += count[row]
            count[row] = place[row] + 2  # from now on where the group begins, past 2 to be told from a single
        at = place[first[row]]
        grouped[at] = members[row]
        begins[at] = count[first[row]] - 2
        place[first[row]] += 1
    return n_grouped


@njit(cache=True, nogil=True)
def pack_sketches(values, n_values, sketches):
    """Put the low four bits of the first n_values of each row of values uint8[n, k] into sketches uint64[n, words]."""
    for row in range(len(values)):
        for word in range(sketches.shape[1]):
            packed = np.uint64(0)
            first = word * _VALUES_A_WORD
            for place in range(min(first + _VALUES_A_WORD, n_values) - 1, first - 1, -1):
                packed = packed << _FOUR | np.uint64(values[row, place]) & _FIFTEEN
            sketches[row, word] = packed


@njit(cache=True, nogil=True)
def pair_buckets(at, grouped, begins, sketches, most_partners, least_equal, pairs):
    """Pair members with earlier ones of their groups, from a place on; give the number of pairs, and where to go on.

    grouped and begins as of group_members; sketches uint64[n, words] as of pack_sketches. Each member is paired with
    the first `most_partners` of its group only, so that a key shared by very many costs linear time; and only if at
    least `least_equal` values of the sketches agree, which pairs worth verifying nearly always do.
    Out: pairs uint64[], right << 32 | left, left < right; it has room for all pairs of any member.
    Source of the sketch test: Li and König, b-bit minwise hashing, 2010.
    """
    n_pairs = 0
    n_words = sketches.shape[1]
    while at < len(grouped):
        if n_pairs + most_partners > len(pairs):
            return n_pairs, at
        row, begin = grouped[at], begins[at]
        for other in range(begin, min(at, begin + most_partners)):
            left = grouped[other]
            n_equal = 0
            for word in range(n_words):
                apart = sketches[left, word] ^ sketches[row, word]
                equal = ~(((apart & _LOW_BITS) + _LOW_BITS) | apart | _LOW_BITS)  # high bits of values that are equal
                n_equal += int(_sum_nibbles(equal >> _THREE))
            if n_equal >= least_equal:
                pairs[n_pairs] = np.uint64(row) << np.uint64(32) | np.uint64(left)
                n_pairs += 1
        at += 1
    return n_pairs, at


@njit(cache=True, nogil=True, inline="always")
def _salt(salts, row):
    """Give the salt of a row, 0 if there are none."""
    return salts[row] if len(salts) else np.uint64(0)


@njit(cache=True, nogil=True)
def _first_bits(size):
    """Give by how much to shift a hash so that its first bits count up to `size`, a power of two."""
    shift = 64
    while size > 1:
        size //= 2
        shift -= 1
    return np.uint64(shift)


@njit(cache=True, nogil=True, inline="always")
def _sum_nibbles(word):
    """Add up values of four bits, each 0 or 1."""
    word = (word & _NIBBLES) + (word >> _FOUR & _NIBBLES)
    return word * _ONES >> _COUNT_SHIFT
