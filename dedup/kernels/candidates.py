"""Which rows are equal, and which pairs share a band."""

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.mixing import PRIME, mix64

_ONE = np.uint64(1)
_ONES = np.uint64(0x0101010101010101)
_LOW_BITS = np.uint64(0x7777777777777777)
_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_COUNT_SHIFT = np.uint64(56)
_THREE, _FOUR, _FIFTEEN = np.uint64(3), np.uint64(4), np.uint64(15)
_VALUES_A_WORD = 16
_HIGH_SEED, _LOW_SEED = np.uint64(0x6A09E667F3BCC908), np.uint64(0xBB67AE8584CAA73B)
_MEMBER_BITS, _MEMBER_MASK = np.uint64(32), np.uint64(0xFFFFFFFF)


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
        # not their XOR alone: a salt on both halves would cancel, and a line that many groups have be one long chain
        slot = mix64(hashes[row, 0] ^ hashes[row, 1] * PRIME) & mask
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


@borrows
def hash_contents(first_paragraph, distinct, flags, left_out, contents, has_content):
    """Fill in a hash of the paragraphs of each document, in order, contents uint64[d, 2], and whether it has any.

    first_paragraph int64[d + 1]; distinct int32[p], the first paragraph equal to each; flags uint8[p]: those with a bit
    of `left_out` do not count. has_content bool[d].
    """
    for d in range(len(first_paragraph) - 1):
        high, low = _HIGH_SEED, _LOW_SEED
        counted = 0
        for p in range(first_paragraph[d], first_paragraph[d + 1]):
            if flags[p] & left_out:
                continue
            counted += 1
            high = mix64(high ^ np.uint64(distinct[p]))
            low = mix64(low + np.uint64(distinct[p]))
        contents[d, 0], contents[d, 1] = high, low
        has_content[d] = counted > 0


@borrows
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


@borrows
def count_keys(keys, rows, salts, counts):
    """Add to counts int64[parts, a power of two] how many of the keys are of each part.

    keys uint64[]; rows int32[n], the places in `keys` that count; salts uint64[n], or uint64[0], are added by XOR.
    """
    shift = _first_bits(len(counts))
    for place in range(len(rows)):
        counts[_part_of(mix64(keys[rows[place]] ^ _salt(salts, place)), shift)] += 1


@borrows
def place_keys(keys, rows, salts, first_member, parts, ends, parted):
    """Put keys of some parts, hash << 32 | member, where the parts end so far, and move these ends.

    keys, rows and salts as in count_keys; the row at place i is member first_member + i. parts: the first, and how many
    there are of all; ends int64[], of as many as there is room for in parted uint64[].
    """
    shift = _first_bits(parts[1])
    for place in range(len(rows)):
        mixed = mix64(keys[rows[place]] ^ _salt(salts, place))
        part = _part_of(mixed, shift) - parts[0]
        if part < 0 or part >= len(ends):
            continue
        parted[ends[part]] = mixed << _MEMBER_BITS | np.uint64(first_member + place)
        ends[part] += 1


@borrows
def pair_parts(parted, bounds, sketches, most_partners, least_equal, owner, chains, at, pairs):
    """Pair members with earlier ones of equal hash, part by part, from a place on; give the number of pairs.

    parted uint64[n] as of place_keys, in parts that begin at bounds int64[parts + 1]; sketches uint64[m, words] as of
    pack_sketches. Each member is paired with the first `most_partners` of its hash only, so that a key shared by very
    many costs linear time; and only if at least `least_equal` values of the sketches agree, which pairs worth
    verifying nearly always do. Scratch: owner int32[table_size(largest part)], chains int32[largest part, 3].
    at int64[2]: the part and the place to go on at, moved to where the room in `pairs` ends, or behind the last part.
    Out: pairs uint64[], right << 32 | left, left < right.
    Source of the sketch test: Li and König, b-bit minwise hashing, 2010.
    """
    n_pairs = 0
    n_words = sketches.shape[1]
    while at[0] < len(bounds) - 1:
        first, last = bounds[at[0]], bounds[at[0] + 1]
        shift = _first_bits(table_size(last - first)) - _MEMBER_BITS
        mask = table_size(last - first) - 1
        if at[1] == first:
            owner[: mask + 1] = -1
        for place in range(at[1], last):
            if n_pairs + most_partners > len(pairs):
                at[1] = place
                return n_pairs
            own = place - first
            hashed = parted[place] >> _MEMBER_BITS
            slot = np.int64(hashed >> shift)
            while owner[slot] >= 0 and parted[first + owner[slot]] >> _MEMBER_BITS != hashed:
                slot = (slot + 1) & mask
            chains[own, 0] = -1  # the next of this hash
            if owner[slot] < 0:
                owner[slot] = own
                chains[own, 1], chains[own, 2] = own, 1  # of a first: the last of its hash, and how many there are
                continue
            head = owner[slot]
            row = np.int64(parted[place] & _MEMBER_MASK)
            other = np.int64(head)
            while other >= 0:
                left = np.int64(parted[first + other] & _MEMBER_MASK)
                if _count_equal(sketches, left, row, n_words) >= least_equal:
                    pairs[n_pairs] = np.uint64(row) << _MEMBER_BITS | np.uint64(left)
                    n_pairs += 1
                other = np.int64(chains[other, 0])
            if chains[head, 2] < most_partners:
                chains[chains[head, 1], 0] = own
                chains[head, 1] = own
                chains[head, 2] += 1
        at[0] += 1
        at[1] = last
    return n_pairs


@borrows
def choose_partners(pairs, members, sketches, most, outstanding, counts, agreed, is_chosen):
    """Choose at most `most` pairs of each right paragraph: the earliest, but for `outstanding` that are more alike.

    pairs uint64[n], right << 32 | left, sorted, with all those of their right paragraphs; members int32[m], paragraphs,
    ascending; sketches uint64[m, words] as of pack_sketches. Outstanding are pairs whose sketches agree in more values
    than those of any of the first most - outstanding do; the best of them, of equals the earlier, are chosen. All
    others are of the earliest paragraphs, which many have in common and which are read once for all of them.
    Scratch: counts int64[values of a sketch + 1], agreed int32[n]. Out: is_chosen bool[n].
    """
    n_words = sketches.shape[1]
    first = 0
    while first < len(pairs):
        right = pairs[first] >> _MEMBER_BITS
        last = first + 1
        while last < len(pairs) and pairs[last] >> _MEMBER_BITS == right:
            last += 1
        if last - first <= most:
            for place in range(first, last):
                is_chosen[place] = True
            first = last
            continue
        early = first + most - outstanding
        row, alike = _place_of(members, right), 0
        counts[:] = 0
        for place in range(first, last):
            left = _place_of(members, pairs[place] & _MEMBER_MASK)
            agreed[place] = _count_equal(sketches, left, row, n_words)
            if place < early:
                alike = max(alike, agreed[place])
            else:
                counts[agreed[place]] += 1
        room, least = outstanding, len(counts) - 1  # of those that agree in `least` values there is room for so many
        while least > alike and counts[least] <= room:
            room -= counts[least]
            least -= 1
        n_filled = room if least == alike else 0  # what the outstanding leave goes to the earliest
        for place in range(first, last):
            if place < early or agreed[place] > least:
                is_chosen[place] = True
            elif least == alike:
                is_chosen[place] = n_filled > 0
                n_filled -= 1
            else:
                is_chosen[place] = agreed[place] == least and room > 0
                if agreed[place] == least:
                    room -= 1
        first = last


@inner
def _place_of(members, paragraph):
    """Give where a paragraph is among ascending members."""
    low, high = 0, len(members)
    while low < high:
        middle = (low + high) // 2
        if np.uint64(members[middle]) < paragraph:
            low = middle + 1
        else:
            high = middle
    return low


@borrows
def table_size(n):
    """Give the size of a table for n members, a power of two that stays half empty."""
    size = 2
    while size < 2 * n:
        size *= 2
    return size


@borrows
def pack_sketches(values, n_values, sketches):
    """Put the low four bits of the first n_values of each row of values uint8[n, k] into sketches uint64[n, words]."""
    for row in range(len(values)):
        for word in range(sketches.shape[1]):
            packed = np.uint64(0)
            first = word * _VALUES_A_WORD
            for place in range(min(first + _VALUES_A_WORD, n_values) - 1, first - 1, -1):
                packed = packed << _FOUR | np.uint64(values[row, place]) & _FIFTEEN
            sketches[row, word] = packed


@njit(cache=True, nogil=True, inline="always")
def _salt(salts, row):
    """Give the salt of a row, 0 if there are none."""
    return salts[row] if len(salts) else np.uint64(0)


@njit(cache=True, nogil=True, inline="always")
def _part_of(mixed, shift):
    """Give the part of a hash by its first bits; 64 of them to shift away are all."""
    return np.int64(mixed >> shift) if shift < np.uint64(64) else np.int64(0)


@inner
def _first_bits(size):
    """Give by how much to shift a hash so that its first bits count up to `size`, a power of two."""
    shift = 64
    while size > 1:
        size //= 2
        shift -= 1
    return np.uint64(shift)


@njit(cache=True, nogil=True, inline="always")
def _count_equal(sketches, left, right, n_words):
    """Count the values that two sketches share."""
    n_equal = 0
    for word in range(n_words):
        apart = sketches[left, word] ^ sketches[right, word]
        equal = ~(((apart & _LOW_BITS) + _LOW_BITS) | apart | _LOW_BITS)  # high bits of equal values
        n_equal += int(_sum_nibbles(equal >> _THREE))
    return n_equal


@njit(cache=True, nogil=True, inline="always")
def _sum_nibbles(word):
    """Add up values of four bits, each 0 or 1."""
    word = (word & _NIBBLES) + (word >> _FOUR & _NIBBLES)
    return word * _ONES >> _COUNT_SHIFT
