"""What the tests of the units say of a report."""

from grading.confusion import report_on
from grading.examine import RAISED, UNREADABLE, WRONG
from grading.problem import mistaken
from grading.problems import find

ELMAN = find("elman_backward")


def loses(name, answer, part, special):
    """Check that what is wrong where something is special loses that part, and is told where."""
    report = report_on(find(name), answer)
    assert report.outcome == WRONG and report.earned[part] == 0
    if special in {fact for run in report.runs for fact in run.case.facts}:
        assert f"wrong where: {special}" in [finding.name for finding in report.findings]


def first_finding(problem, answer):
    """Return how a wrong answer is called, after a check that it is no pass."""
    report = report_on(problem, answer)
    assert report.outcome in (WRONG, RAISED, UNREADABLE) and report.points < problem.points
    return report.findings[0].name if report.findings else ""


def with_mistakes(*names):
    """Return elman_backward with some of its known mistakes."""
    known = {mistake.name: mistake.changes for mistake in ELMAN.mistakes}
    return mistaken(ELMAN.reference, sum((known[name] for name in names), ()))


def sentence(answer, problem=ELMAN):
    """Return what is said of an answer in one sentence."""
    return report_on(problem, answer).sentence


def findings(answer, problem=ELMAN):
    """Return what the mistakes of an answer are called."""
    return [finding.name for finding in report_on(problem, answer).findings]


def changed(which, change):
    """Return an answer in which one of the right results is changed."""
    def answer(*args):
        results = list(ELMAN.reference(*args))
        results[which] = change(results[which])
        return tuple(results)
    return answer
