"""The ways in which each rule could find something in a paragraph, by where the cues of the rule stand."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.pairs import ANYWHERE, OPENING, PAIRED, join_pair, kinds_at, may_be_pair
from dedup.kernels.sentences import can_end_between, find_certain_ends, goes_on
from dedup.kernels.shapes import is_about_code
from dedup.kernels.tokens import read_tokens, token_scratch
from dedup.kernels.traces import SEEN_WORDS, could_match, is_spelled_oddly, mark_traces

WHOLE: Final = np.uint8(1)
SENTENCES: Final = np.uint8(2)
TAIL: Final = np.uint8(4)

# columns of `paragraph_traits`
PLACES: Final = 0
IS_END_ONLY: Final = 1
HOLDS_SYMBOL: Final = 2

# columns of `rule_traits`
MOST_TOKENS: Final = 0
MOST_PARAGRAPH_TOKENS: Final = 1
TAKES_TAILS: Final = 2
PLACE: Final = 3
HAS_SYMBOL: Final = 4
LANGUAGE: Final = 5
REQUIRED: Final = 6
SURE_PLACES: Final = 7
CATEGORY: Final = 8

# columns of `cue_traits`
RULE: Final = 0
OPENS: Final = 1
N_BEFORE: Final = 2
PLACES_OF_RULE: Final = 3

PRESENT: Final = np.uint8(8)
"""No way of its own: a rule that could match a sentence, if others have the sentences tried."""

CAN_BE_SURE: Final = 1
"""In what is told of a paragraph: a rule is enough at its place."""

HOLDS_COMPANION: Final = 2
"""There, too: a companion of rules may be in it."""

OF_CATEGORY: Final = 4
"""By this the number of the one category of its rules is multiplied there; 0 stands for several."""

WAYS: Final = 16
"""By this the number of a rule is multiplied where ways are added to it."""


@njit(cache=True, nogil=True)
def screen_scratch(spans, n_rules, n_clauses):
    """Give the arrays that screen_paragraphs works with on these spans."""
    longest = 0
    for p in range(len(spans)):
        longest = max(longest, spans[p, 1] - spans[p, 0])
    marks, tokens, starts, ends, shapes = token_scratch(longest)
    opens, seen = np.empty(len(tokens), dtype=np.bool_), np.empty(SEEN_WORDS, dtype=np.uint64)
    known = np.zeros(n_clauses, dtype=np.int64)
    ways = np.zeros(n_rules, dtype=np.uint8)  # of one paragraph; those of the rules that it touches are not 0
    touched = np.empty(n_rules, dtype=np.int64)
    return marks, tokens, starts, ends, shapes, opens, seen, known, ways, touched


@borrows
def screen_paragraphs(
    text,
    spans,
    paragraph_traits,
    page_of,
    pages,
    expansions,
    words,
    word_filter,
    pair_filter,
    first_cue,
    first_run,
    cue_traits,
    cue_before,
    rule_traits,
    lead_languages,
    required,
    most_sentence_words,
    scratch,
    found,
    entries,
    first_entry,
):
    """Fill in how each of n paragraphs could match each of r rules: in WHOLE, SENTENCES, TAIL, added up, and PRESENT.

    Gives how many of them could match one in any way.

    text uint8[]; spans int64[n, 2], bytes into `text`; paragraph_traits int64[n, 3]: the bits of the places it
    stands in, 1 where only its end is given (then only TAIL is asked for), 1 where it holds a symbol that is a
    cue; the character arrays; words uint64[power of two], an open table of the hashes of the cues' last tokens
    with 0 for a free place; word_filter, of these, and pair_filter, of the cues, as kinds_at and may_be_pair take
    them; first_cue int32[len(words) + 1], where the cues of each word start in cue_traits, and first_run
    int32[len(words)], where those that have other tokens before it; cue_traits int32[c, 4], the rule (r:
    a companion of rules, r + 1 + i: evidence of the language of bit i), 1 where the cue opens what matches, the number
    of tokens before its last, and the bits of the places of the rule; cue_before uint64[c], what join_hashes gives for
    the tokens before; rule_traits int64[r, 9]: the most tokens of what it matches, of a paragraph whose sentences are
    worth trying, 1 where it takes tails, the bit of its place, 1 where a symbol is a cue of it, the bit of the language
    that a paragraph must show or 0, its number in `required`, the bit of the place where it is enough or 0, and the
    number of its category, from 1; lead_languages int64[256], of which languages a byte that is not ASCII is evidence;
    required, the arrays of could_match; scratch, of screen_scratch.
    Out: found int64[n], the numbers of the paragraphs that could match, ascending; entries int32[n * (r + 1)], for
    each of these CAN_BE_SURE, HOLDS_COMPANION and OF_CATEGORY, then for each rule WAYS * its number + the ways,
    ascending; first_entry int64[n + 1], where those of each start.

    No way is left out by which a rule could match: sentences that match together hold a cue, are no longer than
    the rule allows, and go past no certain end of a sentence; and the first and the last sentences of a paragraph
    all of which goes hold a cue of a rule or of a companion; and what a rule matches, such a first or last sentence
    too, has what its patterns require.
    What is about code is left out: functions return cookies, and may be called.
    """
    marks, tokens, starts, ends, shapes, opens, seen, known, ways, touched = scratch
    mask = np.uint64(len(words) - 1)
    n_rules = len(rule_traits)
    n_found = 0
    first_entry[0] = 0
    for p in range(len(spans)):
        start, end = spans[p, 0], spans[p, 1]
        if end <= start:
            continue
        is_end_only = paragraph_traits[p, IS_END_ONLY] == 1
        if goes_on(text, start, end):
            continue
        n = read_tokens(text, start, end, page_of, pages, expansions, marks, tokens, starts, ends, shapes)
        knows_ends, tries_sentences = False, False
        can_split, first_end, last_end = False, end, start
        places = paragraph_traits[p, PLACES]
        n_touched = 0
        if paragraph_traits[p, HOLDS_SYMBOL]:
            knows_ends = True
            can_split, first_end, last_end = find_certain_ends(text, start, end, starts, ends, n)
            tries_sentences = can_split and not is_end_only and _is_short(text, starts, ends, n, most_sentence_words)
            for rule in range(n_rules):
                if rule_traits[rule, HAS_SYMBOL] and rule_traits[rule, PLACE] & places:
                    ways[rule] = _ways_of(rule_traits[rule], n, is_end_only, tries_sentences, can_split)
                    ways[rule] |= PRESENT if can_split else np.uint8(0)
                    if ways[rule]:
                        touched[n_touched] = rule
                        n_touched += 1
        starts_well, ends_well = False, False
        goes_along, starts_along, ends_along = False, False, False
        evidence = np.int64(0)
        for place in range(n):
            token = tokens[place]
            in_pair = place > 0 and may_be_pair(pair_filter, tokens[place - 1], token)
            kinds = kinds_at(text, tokens, starts, ends, place, in_pair, word_filter)
            if not kinds:
                continue
            slot = token & mask
            while words[slot] != 0 and words[slot] != token:
                slot = (slot + np.uint64(1)) & mask
            if words[slot] == 0:
                continue
            for cue in range(
                first_cue[slot] if kinds & (ANYWHERE | OPENING) else first_run[slot],
                first_cue[slot + np.uint64(1)] if kinds & PAIRED else first_run[slot],
            ):
                first = place
                if cue >= first_run[slot]:  # most of these are of other words before this one
                    first -= cue_traits[cue, N_BEFORE]
                    if first < 0 or join_hashes(tokens, first, place) != cue_before[cue]:
                        continue
                rule = int(cue_traits[cue, RULE])
                if rule > n_rules:
                    evidence |= np.int64(1) << (rule - n_rules - 1)
                    continue
                if cue_traits[cue, PLACES_OF_RULE] & places == 0:
                    continue
                if cue_traits[cue, OPENS] and first > 0 and not can_end_between(text, ends[first - 1], starts[first]):
                    continue
                if not knows_ends:  # only now, because most paragraphs hold no cue that counts
                    knows_ends = True
                    can_split, first_end, last_end = find_certain_ends(text, start, end, starts, ends, n)
                    tries_sentences = (
                        can_split and not is_end_only and _is_short(text, starts, ends, n, most_sentence_words)
                    )
                starts_well |= starts[first] < first_end
                ends_well |= starts[first] >= last_end
                if rule == n_rules:
                    goes_along = True
                    starts_along |= starts[first] < first_end
                    ends_along |= starts[first] >= last_end
                    continue
                can_tail = can_split and starts[first] >= last_end and first >= n - rule_traits[rule, MOST_TOKENS]
                possible = _ways_of(rule_traits[rule], n, is_end_only, tries_sentences, can_tail)
                if cue_traits[cue, OPENS] and first > 0:
                    possible &= ~WHOLE
                if can_split:
                    possible |= PRESENT
                if possible and not ways[rule]:
                    touched[n_touched] = rule
                    n_touched += 1
                ways[rule] |= possible
        if n_touched == 0:
            continue
        kept = WHOLE | SENTENCES | TAIL | PRESENT
        if not (starts_well and ends_well) and not paragraph_traits[p, HOLDS_SYMBOL]:
            kept &= ~SENTENCES
        bits = np.uint8(0)
        for at in range(start, end):
            bits |= text[at]
        is_odd = False
        if bits >= 0x80:
            is_odd = is_spelled_oddly(text, start, end)
            for at in range(start, end):
                if text[at] >= 0x80:
                    evidence |= lead_languages[text[at]]
        is_marked = False
        together = np.uint8(0)
        for place in range(n_touched):
            together |= ways[touched[place]]
        needed = WHOLE | SENTENCES | TAIL if together & kept & (SENTENCES | TAIL) == 0 else kept
        together = np.uint8(0)
        n_left = 0
        for place in range(n_touched):
            rule = touched[place]
            left = ways[rule] & kept
            ways[rule] = 0
            language = rule_traits[rule, LANGUAGE]
            if left & needed == 0 or (language and not language & evidence):
                continue
            if not is_odd:
                if not is_marked:
                    is_marked = True
                    for other in range(n):
                        opens[other] = other == 0 or can_end_between(text, ends[other - 1], starts[other])
                    mark_traces(text, tokens, starts, ends, opens, 0, n, seen)
                number = rule_traits[rule, REQUIRED]
                if not could_match(number, required, seen, known, 3 * p + 1):
                    continue
            touched[n_left] = WAYS * rule + left
            n_left += 1
            together |= left
        if together & (SENTENCES | TAIL) and is_marked:
            allowed = WHOLE | PRESENT
            first, past = _first_token(starts, n, last_end), _first_token(starts, n, first_end)
            stamp = 3 * p + 1
            if first:
                stamp = 3 * p + 2
                mark_traces(text, tokens, starts, ends, opens, first, n, seen)
            if _any_could_match(touched, n_left, TAIL, rule_traits, required, seen, known, stamp):
                allowed |= TAIL
            if together & SENTENCES and (
                ends_along or _any_could_match(touched, n_left, PRESENT, rule_traits, required, seen, known, stamp)
            ):
                if past < n:
                    stamp = 3 * p + 3
                    mark_traces(text, tokens, starts, ends, opens, 0, past, seen)
                if starts_along or _any_could_match(
                    touched, n_left, PRESENT, rule_traits, required, seen, known, stamp
                ):
                    allowed |= SENTENCES
            together &= allowed
            n_left = _keep_ways(touched, n_left, together)
        if together & ~PRESENT == 0 or is_about_code(text, start, end):
            continue
        claim, can_be_sure = np.int64(-1), False
        for place in range(n_left):
            rule = touched[place] // WAYS
            category = rule_traits[rule, CATEGORY] * OF_CATEGORY
            claim = category if claim == -1 or claim == category else np.int64(0)
            can_be_sure |= rule_traits[rule, SURE_PLACES] & places != 0
        found[n_found] = p
        entry = first_entry[n_found]
        entries[entry] = claim + CAN_BE_SURE * can_be_sure + HOLDS_COMPANION * goes_along
        for place in range(n_left):
            at = entry + 1 + place
            while at > entry + 1 and entries[at - 1] > touched[place]:
                entries[at] = entries[at - 1]
                at -= 1
            entries[at] = touched[place]
        n_found += 1
        first_entry[n_found] = entry + 1 + n_left
    return n_found


@borrows
def join_hashes(tokens, first, past):
    """Give one hash for tokens[first:past], that of the token itself if there is but one."""
    value = tokens[first]
    for place in range(first + 1, past):
        value = join_pair(value, tokens[place])
    return value


@borrows
def join_rows(tokens, offsets, joined):
    """Fill in joined uint64[n] with join_hashes of tokens[offsets[i]:offsets[i + 1]]; 0 if there are none.

    tokens uint64[m], offsets int64[n + 1].
    """
    for row in range(len(joined)):
        joined[row] = 0
        if offsets[row] < offsets[row + 1]:
            joined[row] = join_hashes(tokens, offsets[row], offsets[row + 1])


@inner
def _first_token(starts, n, limit):
    """Give the number of the first of n tokens that starts at `limit` or later, n if there is none."""
    place = 0
    while place < n and starts[place] < limit:
        place += 1
    return place


@inner
def _any_could_match(touched, n_touched, wanted, rule_traits, required, seen, known, stamp):
    """Say whether what is marked in `seen` has what one of the rules asks for that could match in a way `wanted`."""
    for place in range(n_touched):
        if touched[place] & wanted and could_match(
            rule_traits[touched[place] // WAYS, REQUIRED], required, seen, known, stamp
        ):
            return True
    return False


@inner
def _keep_ways(touched, n_touched, together):
    """Leave of each rule the ways that are in `together`, and only rules that then count; gives their number."""
    n_left = 0
    counts = WHOLE | SENTENCES | TAIL | (PRESENT if together & (SENTENCES | TAIL) else np.uint8(0))
    for place in range(n_touched):
        left = touched[place] & together
        if left & counts:
            touched[n_left] = touched[place] // WAYS * WAYS + left
            n_left += 1
    return n_left


@inner
def _is_short(text, starts, ends, n_tokens, most_words):
    """Say whether a paragraph has at most so many words, of which a character of a script without spaces is a third."""
    if n_tokens <= most_words or n_tokens > 3 * most_words:
        return n_tokens <= most_words
    thirds = 0
    for place in range(n_tokens):
        is_wide = ends[place] - starts[place] == 3 and 0xE3 <= text[starts[place]] <= 0xE9  # kana and ideographs
        thirds += 1 if is_wide else 3
    return thirds <= 3 * most_words


@inner
def _ways_of(traits, n_tokens, is_end_only, tries_sentences, can_tail):
    """Give the ways that the length of a paragraph leaves to a rule of which it holds a cue."""
    found = np.uint8(0)
    if not is_end_only and n_tokens <= traits[MOST_TOKENS]:
        found |= WHOLE
    if tries_sentences and (traits[TAKES_TAILS] or n_tokens <= traits[MOST_PARAGRAPH_TOKENS]):
        found |= SENTENCES
    if traits[TAKES_TAILS] and can_tail:
        found |= TAIL
    return found
