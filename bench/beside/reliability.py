"""Whether probabilities mean what they say: calibration error, and its picture as SVG."""

BINS = 10


def bins(judged):
    """`(mean probability, share right, count)` a tenth of the scale, from `(probability, right)`."""
    tenths = [[] for _ in range(BINS)]
    for probability, right in judged:
        tenths[min(BINS - 1, int(probability * BINS))].append((probability, right))
    return [
        (sum(p for p, _ in tenth) / len(tenth), sum(r for _, r in tenth) / len(tenth), len(tenth))
        if tenth else None
        for tenth in tenths
    ]


def expected_calibration_error(judged):
    """Mean distance of probability and share right, each tenth weighed by its count."""
    counted = [one for one in bins(judged) if one]
    total = sum(count for *_, count in counted)
    return sum(abs(mean - share) * count for mean, share, count in counted) / max(total, 1)


def table(judged):
    lines = [f"{'probability':<14}{'values':>8}{'mean':>8}{'right':>8}"]
    for tenth, one in enumerate(bins(judged)):
        if one:
            mean, share, count = one
            bar = "#" * round(share * 40)
            name = f"{tenth / BINS:.1f} to {(tenth + 1) / BINS:.1f}"
            lines.append(f"{name:<14}{count:>8}{mean:>8.3f}{share:>8.3f}  {bar}")
    return "\n".join(lines)


SIZE, EDGE = 360, 50


def picture(judged, title):
    """Reliability diagram: mean probability across, share right upwards, area as the count."""
    at = lambda x, y: (EDGE + x * SIZE, EDGE + (1 - y) * SIZE)
    total = max(len(judged), 1)
    side = SIZE + 2 * EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" font-size="12" '
        f'font-family="sans-serif">',
        f'<rect width="{side}" height="{side}" fill="white"/>',
        f'<text x="{side / 2}" y="28" text-anchor="middle">{title}</text>',
        f'<text x="{side / 2}" y="{side - 10}" text-anchor="middle">mean field_conf</text>',
        f'<text x="14" y="{side / 2}" text-anchor="middle" '
        f'transform="rotate(-90 14 {side / 2})">share right</text>',
        f'<rect x="{EDGE}" y="{EDGE}" width="{SIZE}" height="{SIZE}" fill="none" stroke="black"/>',
    ]
    (x1, y1), (x2, y2) = at(0, 0), at(1, 1)
    parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="grey" '
                 f'stroke-dasharray="4"/>')
    for tick in (0, 0.5, 0.9, 1):
        x, y = at(tick, tick)
        parts.append(f'<text x="{x}" y="{EDGE + SIZE + 16}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{EDGE - 6}" y="{y + 4}" text-anchor="end">{tick}</text>')
    for one in bins(judged):
        if one:
            x, y = at(one[0], one[1])
            radius = 3 + 22 * (one[2] / total) ** 0.5
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="steelblue" '
                         f'fill-opacity="0.6"><title>{one[2]} values</title></circle>')
    return "\n".join([*parts, "</svg>", ""])
