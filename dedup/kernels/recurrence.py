"""What recurs over documents that are not copies of one another."""

from dedup.kernels.borrowing import borrows, inner


@borrows
def join_classes(left, right, parent):
    """Put paragraphs that are the same text into one class.

    left, right int32[m], paragraphs; parent int32[p], in and out: a paragraph of its class, the lowest its own.
    """
    for pair in range(len(left)):
        one, other = _root(parent, left[pair]), _root(parent, right[pair])
        parent[max(one, other)] = min(one, other)


@borrows
def settle_classes(equal, parent, classes):
    """Fill in classes int32[p], the lowest paragraph of each class; equal int32[p], the first equal paragraph."""
    for p in range(len(equal)):
        classes[p] = _root(parent, equal[p])


@borrows
def count_documents(classes, document, flags, left_out, last, n_documents):
    """Count the documents of each class: n_documents int32[p], first 0, at the lowest paragraph of the class.

    classes, document int32[p]; flags uint8[p]: paragraphs with a bit of `left_out` are not looked at. Scratch: last
    int32[p], first -1.
    """
    for p in range(len(classes)):
        c = classes[p]
        if not flags[p] & left_out and last[c] != document[p]:
            last[c] = document[p]
            n_documents[c] += 1


@borrows
def gather_rows(
    order, scope, first_paragraph, classes, n_tokens, flags, left_out, n_documents, stamp, ids, first_row, alone, rows,
    row_classes,
):  # fmt: skip
    """List the paragraphs of classes that several documents have, scope by scope; give how many rows and classes.

    order int64[n], documents sorted by scope; scope int32[d], not negative; first_paragraph int64[d + 1]; classes,
    n_tokens int32[p]; flags uint8[p]: paragraphs with a bit of `left_out` are not listed; n_documents int32[p] as of
    count_documents. Scratch: stamp int32[p], first -1; ids int32[p]. A class is counted apart in each scope.
    Out: first_row int64[n + 1], where the rows of each document in `order` begin; alone int64[n], the tokens of its
    paragraphs that are no rows; rows, row_classes int32[], paragraphs and their classes 0, 1, ...: with length 0 they
    are only counted.
    """
    n_rows, n_classes = 0, 0
    for rank in range(len(order)):
        d = order[rank]
        first_row[rank] = n_rows
        alone[rank] = 0
        for p in range(first_paragraph[d], first_paragraph[d + 1]):
            if flags[p] & left_out:
                continue
            c = classes[p]
            if n_documents[c] < 2:
                alone[rank] += max(1, n_tokens[p])
                continue
            if stamp[c] != scope[d]:
                stamp[c] = scope[d]
                ids[c] = n_classes
                n_classes += 1
            if len(rows):
                rows[n_rows] = p
                row_classes[n_rows] = ids[c]
            n_rows += 1
    first_row[len(order)] = n_rows
    return n_rows, n_classes


@borrows
def describe_classes(first_row, rows, row_classes, n_tokens, last, n_documents, tokens, first_rank, sample):
    """Tell of each class in how many documents it is, its tokens, its first document and its first paragraph.

    As in gather_rows; n_tokens int32[p]. Scratch: last int32[k], first -1. Out: n_documents int32[k], first 0;
    tokens, first_rank, sample int32[k].
    """
    for rank in range(len(first_row) - 1):
        for row in range(first_row[rank], first_row[rank + 1]):
            c = row_classes[row]
            if last[c] == rank:
                continue
            if last[c] < 0:
                tokens[c] = n_tokens[rows[row]]
                first_rank[c] = rank
                sample[c] = rows[row]
            last[c] = rank
            n_documents[c] += 1


@borrows
def cluster_documents(first_row, row_classes, alone, weights, share, first_rank, last, total, tally, touched, parent):
    """Put documents that share most of what they say into one cluster.

    Each document is compared with the first that has a class of its, and with the one before it: copies are near one
    of these. Two are of one cluster if the weight of the classes that they share is at least `share` of that of the
    document with less. first_row, row_classes as in gather_rows; alone float64[n], the weight of paragraphs that are
    no rows; weights float64[k], of each class.
    Scratch: first_rank, last int32[k], first -1; total float64[n]; tally float64[n], first 0; touched int32[n].
    Out: parent int32[n], a lower document of the same cluster, or itself.
    """
    for rank in range(len(first_row) - 1):
        parent[rank] = rank
        total[rank] = alone[rank]
        n_touched = 0
        for row in range(first_row[rank], first_row[rank + 1]):
            c = row_classes[row]
            if last[c] == rank:
                continue
            weight = weights[c]
            total[rank] += weight
            if weight > 0.0:
                if last[c] < 0:
                    first_rank[c] = rank
                else:
                    n_touched = _add(tally, touched, n_touched, first_rank[c], weight)
                    if last[c] != first_rank[c]:
                        n_touched = _add(tally, touched, n_touched, last[c], weight)
            last[c] = rank
        for place in range(n_touched):
            other = touched[place]
            if tally[other] >= share * min(total[rank], total[other]):
                one, two = _root(parent, rank), _root(parent, other)
                parent[max(one, two)] = min(one, two)
            tally[other] = 0.0
    for rank in range(len(first_row) - 1):
        parent[rank] = _root(parent, rank)


@borrows
def count_units(walk, unit, first_row, row_classes, last, n_units):
    """Count the units, clusters or sites, in which each class is: n_units int32[k], first 0.

    walk int64[n], documents sorted by unit; unit int32[n], not negative. Scratch: last int32[k], first -1.
    """
    for rank in walk:
        for row in range(first_row[rank], first_row[rank + 1]):
            c = row_classes[row]
            if last[c] != unit[rank]:
                last[c] = unit[rank]
                n_units[c] += 1


@borrows
def count_edges(
    order, first_paragraph, first_row, rows, row_classes, is_candidate, n_tokens, flags, furniture, speech, long_tokens,
    fewest_headed, n_start, n_last, occurrences, at_edge, in_forms,
):  # fmt: skip
    """Count where candidates stand: how often at all, how often at an edge, how often in a form.

    As in gather_rows; is_candidate bool[k]; n_tokens int32[p]; flags uint8[p], of which `furniture` tells what is
    boilerplate by rule, `speech` what is a sentence or speech. Prose is a sentence or speech of long_tokens at least
    that is neither a candidate nor boilerplate. A form is a document in which fewest_headed candidates stand right
    above prose, those of one class in a row counted once. An edge are the first n_start and the last n_last
    paragraphs, of a short document a quarter each at most; but nothing above prose is at the end, and in a form neither
    a sentence nor what stands right above prose is at an edge. Out: occurrences, at_edge, in_forms int32[k], first 0.
    """
    for rank in range(len(order)):
        begin, end = first_paragraph[order[rank]], first_paragraph[order[rank] + 1]
        first, past = first_row[rank], first_row[rank + 1]
        room = (end - begin) // 4
        head, foot = begin + min(n_start, room), end
        row = past
        while foot > end - min(n_last, room):
            while row > first and rows[row - 1] >= foot:
                row -= 1
            is_known = row > first and rows[row - 1] == foot - 1 and is_candidate[row_classes[row - 1]]
            if not is_known and _is_prose(n_tokens, flags, foot - 1, furniture, speech, long_tokens):
                break
            foot -= 1
        n_headed, heading = 0, -1
        for turn in range(2):
            is_form = n_headed >= fewest_headed
            for row in range(first, past):
                c, p = row_classes[row], rows[row]
                if not is_candidate[c]:
                    continue
                is_above = p + 1 < end and _is_prose(n_tokens, flags, p + 1, furniture, speech, long_tokens)
                if row + 1 < past and rows[row + 1] == p + 1 and is_candidate[row_classes[row + 1]]:
                    is_above = False
                if turn == 0:
                    n_headed += is_above and c != heading
                    heading = c if is_above else heading
                else:
                    occurrences[c] += 1
                    in_forms[c] += is_form
                    at_edge[c] += (p < head or p >= foot) and not (is_form and (is_above or flags[p] & speech))


@inner
def _is_prose(n_tokens, flags, p, furniture, speech, long_tokens):
    return n_tokens[p] >= long_tokens and flags[p] & speech and not flags[p] & furniture


@borrows
def count_company(
    walk, unit, order, first_paragraph, first_row, rows, row_classes, is_candidate, flags, furniture, neighbour, lead,
    last, beside,
):  # fmt: skip
    """Count in how many units candidates have their usual company: beside int32[k, 2], first 0, by side.

    walk and unit as in count_units, the others as in count_edges. Usual company is what most often goes before, or
    behind, if that is a candidate or boilerplate.
    Scratch: lead int32[k, 2], first 0; last int32[k, 2], first -1. Out: neighbour int32[k, 2], what the company is, k
    for boilerplate; only where there is any.
    """
    n_classes = len(is_candidate)
    for turn in range(2):
        for rank in walk:
            d = order[rank]
            begin, end = first_paragraph[d], first_paragraph[d + 1]
            for row in range(first_row[rank], first_row[rank + 1]):
                c, p = row_classes[row], rows[row]
                if not is_candidate[c]:
                    continue
                for side in range(2):
                    near, near_row = (p - 1, row - 1) if side == 0 else (p + 1, row + 1)
                    found = -1
                    if near >= begin and near < end:
                        is_row = near_row >= first_row[rank] and near_row < first_row[rank + 1]
                        if flags[near] & furniture:
                            found = n_classes
                        elif is_row and rows[near_row] == near and is_candidate[row_classes[near_row]]:
                            found = row_classes[near_row]
                    if found < 0 or found == c:
                        continue
                    if turn == 1:
                        if found == neighbour[c, side] and last[c, side] != unit[rank]:
                            last[c, side] = unit[rank]
                            beside[c, side] += 1
                    elif lead[c, side] == 0:  # the vote of Boyer and Moore: whoever has the majority is left
                        neighbour[c, side] = found
                        lead[c, side] = 1
                    else:
                        lead[c, side] += 1 if neighbour[c, side] == found else -1


@inner
def _add(tally, touched, n_touched, rank, weight):
    if tally[rank] == 0.0:
        touched[n_touched] = rank
        n_touched += 1
    tally[rank] += weight
    return n_touched


@inner
def _root(parent, member):
    """Give the lowest member of a class, and have the way there half as long for the next that asks."""
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = parent[member]
    return member
