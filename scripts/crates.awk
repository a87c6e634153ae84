# Draws crates in rows, each above all that it names, as SVG. Reads what scripts/crates.sh has cargo print: a line a
# crate, "0 NAME", and below it a line for each crate that it names, "1 NAME".
#
# Numbers in place of names: 1 to crates are crates, higher ones are bends, the places where a long arrow passes a row.

$1 == 0 { user = number_of($2) }
$1 == 1 && $2 ~ /^avar/ { names[user, number_of($2)] = 1 }

END {
    BOX_WIDTH = 92; BOX_HEIGHT = 32; ROW_HEIGHT = 84; GAP = 22; BEND_WIDTH = 10; MARGIN = 28; CAPTION_HEIGHT = 40
    find_rows()
    lay_arrows()
    order_rows()
    place_in_rows()
    write_picture()
}

function number_of(name) {
    if (!(name in numbers)) {
        numbers[name] = ++crates
        labels[crates] = name
        row[crates] = 0
        sub(/^avar-/, "", labels[crates])
    }
    return numbers[name]
}

# Row 0 is the lowest: crates that name no other.
function find_rows(    round, a, b) {
    for (round = 1; round <= crates; round++)
        for (a = 1; a <= crates; a++)
            for (b = 1; b <= crates; b++)
                if ((a, b) in names && row[a] <= row[b]) row[a] = row[b] + 1
    for (a = 1; a <= crates; a++) if (row[a] > top) top = row[a]
}

# An arrow for each name that does not follow from other arrows; through a bend in each row that it passes.
function lay_arrows(    a, b, c) {
    for (b = 1; b <= crates; b++)
        for (a = 1; a <= crates; a++)
            for (c = 1; c <= crates; c++)
                if (((a, b) in names || (a, b) in reaches) && ((b, c) in names || (b, c) in reaches)) reaches[a, c] = 1
    nodes = crates
    for (a = 1; a <= crates; a++)
        for (b = 1; b <= crates; b++)
            if ((a, b) in names && !((a, b) in reaches)) lay_arrow(a, b)
}

function lay_arrow(a, b,    from) {
    heads[++arrows] = a
    for (from = a; row[from] > row[b] + 1; from = nodes) {
        row[++nodes] = row[from] - 1
        next_of[arrows, from] = nodes
        joined[from, nodes] = joined[nodes, from] = 1
    }
    next_of[arrows, from] = b
    joined[from, b] = joined[b, from] = 1
}

# Sweeps down and up, each row by the middle of what it is joined to in the row before; the order with the fewest
# crossings is kept.
function order_rows(    sweep, r, i, n, fewest, found) {
    for (n = 1; n <= nodes; n++) in_row[row[n], size[row[n]]++] = n
    renumber()
    fewest = -1
    for (sweep = 0; sweep < 40; sweep++) {
        if (sweep % 2) for (r = 1; r <= top; r++) sort_row(r, r - 1)
        else for (r = top - 1; r >= 0; r--) sort_row(r, r + 1)
        found = crossings()
        if (fewest < 0 || found < fewest) {
            fewest = found
            for (n = 1; n <= nodes; n++) best[n] = place[n]
        }
    }
    for (n = 1; n <= nodes; n++) in_row[row[n], best[n]] = n
    renumber()
}

function renumber(    r, i) {
    for (r = 0; r <= top; r++)
        for (i = 0; i < size[r]; i++) place[in_row[r, i]] = i
}

function sort_row(r, by,    i, j, k, n, sum, count, wish) {
    for (i = 0; i < size[r]; i++) {
        n = in_row[r, i]
        sum = count = 0
        for (k = 0; k < size[by]; k++)
            if ((n, in_row[by, k]) in joined) { sum += (k + 0.5) / size[by]; count++ }
        wish[n] = count ? sum / count : (i + 0.5) / size[r]
    }
    for (i = 1; i < size[r]; i++) {
        n = in_row[r, i]
        for (j = i; j > 0 && wish[in_row[r, j - 1]] > wish[n]; j--) in_row[r, j] = in_row[r, j - 1]
        in_row[r, j] = n
    }
    for (i = 0; i < size[r]; i++) place[in_row[r, i]] = i
}

function crossings(    r, i, j, k, l, found) {
    found = 0
    for (r = 1; r <= top; r++)
        for (i = 0; i < size[r]; i++)
            for (j = i + 1; j < size[r]; j++)
                for (k = 0; k < size[r - 1]; k++)
                    if ((in_row[r, i], in_row[r - 1, k]) in joined)
                        for (l = 0; l < k; l++)
                            if ((in_row[r, j], in_row[r - 1, l]) in joined) found++
    return found
}

# Everything is drawn to the middle of what it is joined to, and pushed apart where it would overlap.
function place_in_rows(    round, r, i, n, least, most) {
    for (n = 1; n <= nodes; n++) x[n] = place[n] * (BOX_WIDTH + GAP)
    for (round = 0; round < 200; round++)
        for (r = 0; r <= top; r++) settle_row(r)
    for (n = 1; n <= nodes; n++) {
        if (n == 1 || x[n] - width(n) / 2 < least) least = x[n] - width(n) / 2
        if (n == 1 || x[n] + width(n) / 2 > most) most = x[n] + width(n) / 2
    }
    for (n = 1; n <= nodes; n++) x[n] = int(x[n] - least + MARGIN + 0.5)
    picture_width = int(most - least + 2 * MARGIN + 0.5)
    picture_height = top * ROW_HEIGHT + BOX_HEIGHT + 2 * MARGIN + CAPTION_HEIGHT
}

function settle_row(r,    i, n, m, sum, count, left, right, edge) {
    for (i = 0; i < size[r]; i++) {
        n = in_row[r, i]
        sum = count = 0
        for (m = 1; m <= nodes; m++)
            if ((n, m) in joined) { sum += x[m]; count++ }
        if (count) x[n] = (x[n] + sum / count) / 2
    }
    for (i = 0; i < size[r]; i++) {
        n = in_row[r, i]
        edge = i ? left[i - 1] + (width(in_row[r, i - 1]) + width(n)) / 2 + GAP : x[n]
        left[i] = x[n] > edge ? x[n] : edge
    }
    for (i = size[r] - 1; i >= 0; i--) {
        n = in_row[r, i]
        edge = i < size[r] - 1 ? right[i + 1] - (width(in_row[r, i + 1]) + width(n)) / 2 - GAP : x[n]
        right[i] = x[n] < edge ? x[n] : edge
    }
    for (i = 0; i < size[r]; i++) x[in_row[r, i]] = (left[i] + right[i]) / 2
}

function width(n) {
    return n > crates ? BEND_WIDTH : BOX_WIDTH
}

# Of the upper edge.
function y_of(n) {
    return MARGIN + (top - row[n]) * ROW_HEIGHT
}

function write_picture(    n, arrow) {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\">\n",
        picture_width, picture_height, picture_width, picture_height
    print "<title>The crates of AVAR Desk and what each names</title>"
    print "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0.8L7.4 4L0 7.2z\" fill=\"#5f6f86\"/></marker></defs>"
    printf "<rect width=\"%d\" height=\"%d\" rx=\"12\" fill=\"#fbfcfd\"/>\n", picture_width, picture_height
    print "<g fill=\"none\" stroke=\"#8fa0b8\" stroke-width=\"1.5\">"
    for (arrow = 1; arrow <= arrows; arrow++) printf "<path d=\"%s\" marker-end=\"url(#tip)\"/>\n", way(arrow)
    print "</g>"
    print "<g fill=\"#e6edf6\" stroke=\"#49607f\">"
    for (n = 1; n <= crates; n++)
        printf "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"7\"/>\n", x[n] - BOX_WIDTH / 2, y_of(n), BOX_WIDTH, BOX_HEIGHT
    print "</g>"
    print "<g fill=\"#16202e\" font-size=\"15\" text-anchor=\"middle\">"
    for (n = 1; n <= crates; n++)
        printf "<text x=\"%d\" y=\"%d\">%s</text>\n", x[n], y_of(n) + BOX_HEIGHT / 2 + 5, labels[n]
    print "</g>"
    printf "<text x=\"%d\" y=\"%d\" fill=\"#4a5667\" font-size=\"13\">An arrow leads to a crate that is named. What follows from other arrows is left out.</text>\n",
        MARGIN, picture_height - MARGIN + 4
    print "</svg>"
}

# From the lower edge of one crate to the upper edge of another, upright wherever it passes a row.
function way(arrow,    n, next_n, y, target, path) {
    n = heads[arrow]
    y = y_of(n) + BOX_HEIGHT
    path = sprintf("M%d %d", x[n], y)
    while ((arrow, n) in next_of) {
        next_n = next_of[arrow, n]
        target = y_of(next_n)
        path = path sprintf("C%d %d %d %d %d %d", x[n], y + 26, x[next_n], target - 26, x[next_n], target)
        y = target
        if (next_n > crates) {
            y += BOX_HEIGHT
            path = path sprintf("V%d", y)
        }
        n = next_n
    }
    return path
}
