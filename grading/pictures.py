"""The picture of a class: which share of the points was reached, exercise by exercise."""
import html
import io


def distribution_picture(reached):
    """Return an HTML figure: for each exercise a bar of those with none, some and all points."""
    from matplotlib.figure import Figure

    names = list(reached)
    none, some, full = [], [], []
    for got in reached.values():
        n = max(len(got), 1)
        none.append(sum(p == 0 for p, _ in got) / n)
        full.append(sum(p == of for p, of in got) / n)
        some.append(1 - none[-1] - full[-1])
    figure = Figure(figsize=(8, 0.8 + 0.32 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    left = [0.0] * len(names)
    kinds = ((full, "#00688b", "full points"), (some, "#9fc8d8", "a part"),
             (none, "#a63d00", "none"))
    for share, colour, label in kinds:
        axes.barh(names, share, left=left, color=colour, label=label)
        left = [a + b for a, b in zip(left, share)]
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="share of the submissions")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    file = io.StringIO()
    figure.savefig(file, format="svg")
    svg = file.getvalue()[file.getvalue().index("<svg"):]
    said = "; ".join(f"{name}: {f:.0%} full, {s:.0%} a part, {o:.0%} none"
                     for name, f, s, o in zip(names, full, some, none))
    return f'<figure role="img" aria-label="{html.escape(said)}">{svg}</figure>'
