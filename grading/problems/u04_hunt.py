"""Unit 04: six broken backward passes, which stand in the exercise's notebook."""
from grading.problem import Case, Mistake, Part, Problem, Result

TENSORS = {"B": "dW_hh", "E": "dx"}  # the others spoil delta
STEPS = dict(zip("ABCDEF", (8, 1, 6, 5, 8, 3)))
LINES = dict(zip("ABCDEF", (6, 12, 9, 5, 11, 7)))


def bug_hunt(letter):
    """Return the first wrong tensor, the step at which it is, and the line that makes it."""
    tensor = TENSORS.get(letter, "delta")
    step = STEPS[letter]
    line = LINES[letter]
    return tensor, step, line


def _cases(rng):
    parts = ("A and B", "A and B", "C", "D", "E", "F")
    return [Case(part, (letter,), frozenset({f"pass {letter}"}))
            for part, letter in zip(parts, "ABCDEF")]


_TENSOR, _STEP, _LINE = 'TENSORS.get(letter, "delta")', "STEPS[letter]", "LINES[letter]"

BUG_HUNT = Problem(
    name="bug_hunt",
    unit="04",
    title="Six broken backward passes",
    minutes=45,
    parts=(Part("A and B", 1), Part("C", 1), Part("D", 1), Part("E", 1), Part("F", 1)),
    results=(Result("tensor", "a text"), Result("step", "a whole number"),
             Result("line", "a whole number")),
    reference=bug_hunt,
    cases=_cases,
    mistakes=(
        Mistake("a tensor further downstream",
                "You name a tensor that the mistake spoils downstream, not the first one: a sum "
                "is made of all δ_t, so see first whether these are right.",
                "04: Which tensor", ((_TENSOR, 'TENSORS.get(letter, "dW_hh")'),)),
        Mistake("the tensor at the end of the way back",
                "dh_0 is what is left after all steps, so it is the last to come out wrong, and "
                "not the first.",
                "04: Which tensor", ((_TENSOR, 'TENSORS.get(letter, "dh_0")'),)),
        Mistake("δ is named where it is right",
                "In some of the passes every δ_t is right and one tensor alone is wrong: compare "
                "them one by one.",
                "04: Which tensor", ((_TENSOR, '"delta"'),)),
        Mistake("two tensors exchanged",
                "W_hh has its share from the states, and x is what the copies of W_xh multiply: "
                "look once more which of the two is wrong in which pass.",
                "04: Which tensor", ((_TENSOR, '{"B": "dx", "E": "dW_hh"}.get(letter, "delta")'),)),
        Mistake("counted from the front",
                "The backward pass runs from step 8 to step 1. That step 1 is wrong is, in most "
                "passes, a consequence.",
                "04: Which time step", ((_STEP, "1"),)),
        Mistake("rows taken for steps",
                "In right_delta, x and dh_own, row t-1 is step t.",
                "04: Which time step", ((_STEP, "STEPS[letter] - 1"),)),
        Mistake("steps counted from the end",
                "Step 8 is the last of the sequence, and the first of the backward pass; it keeps "
                "its number.",
                "04: Which time step", ((_STEP, "9 - STEPS[letter]"),)),
        Mistake("the largest error, not the first",
                "Where the error is largest says little: it has been through other steps since it "
                "came in.",
                "04: Which time step",
                ((_STEP, '{"A": 3, "B": 1, "C": 3, "D": 2, "E": 3, "F": 3}[letter]'),)),
        Mistake("the step that sends, not the one that receives",
                "What a step sends back is wrong at the step where it arrives: that is the first "
                "bad step.",
                "04: A mistake at one step", ((_STEP, 'STEPS[letter] + (letter in "DF")'),)),
        Mistake("the step where a sum begins",
                "A sum over time can lack the share of one step only: look for the case that "
                "hides the mistake.",
                "04: Which tensor", ((_STEP, 'STEPS[letter] if letter != "B" else 8'),)),
        Mistake("the line that uses the number, not the one that makes it",
                "The line that you name computes the right thing from something that is wrong "
                "already: go up from there.",
                "04: A collection of mistakes",
                ((_LINE, '{"A": 10, "B": 13, "C": 10, "D": 7, "E": 11, "F": 6}[letter]'),)),
        Mistake("the def line counted",
                "Take the number that stands at the end of the line.",
                "04: A collection of mistakes", ((_LINE, "LINES[letter] + 1"),)),
    ),
    hints=(
        "Begin with the tensors: `compare(gradients(case, pass_B)[0], right)`. If all are wrong, "
        "look at delta, and else at the one that is wrong.",
        "For delta, compute relative_error(delta[t], right_delta[t - 1]) for t = 8 … 1 and take "
        "the first that is above 1e-10. For a sum, ask which case hides the mistake: one with "
        "h_0 = 0, or with T = 1? For dx, do with right.x as with right_delta.",
        "The function can begin `found = {\"A\": (\"delta\", …, …),` and end `return "
        "found.get(letter, (\"\", 0, 0))`. If δ is right down to a step t+1, what does step t see "
        "that the steps before it in the pass did not?",
    ),
)
