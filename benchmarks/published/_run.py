"""The parts of all results side by side, each kept as soon as it is finished."""
import hashlib
import json
import sys
from concurrent.futures import as_completed
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path


@contextmanager
def executor(jobs=None, scheduler=None):
    """Give the grader's executor: so many processes, or the workers of Dask."""
    from grading.executor import open_executor

    try:
        with open_executor(jobs, scheduler) as pool:
            yield pool
    except ValueError as error:
        sys.exit(str(error))


def measure(name, settings):
    """Run one part; a module's name and plain values are all that has to travel to a worker."""
    return import_module(f"benchmarks.published.{name}").measure(**settings)


class Kept:
    """Finished parts in a JSON file, each under its settings and the text that measured it."""

    def __init__(self, file):
        self.file, self.parts = file, {}
        if file is not None and file.exists():
            self.parts = json.loads(file.read_text(encoding="utf-8"))

    @staticmethod
    def key(name, settings):
        """Return what a part is kept under: where the measuring changes, it is measured anew."""
        texts = [Path(__file__).with_name(f"{file}.py").read_text(encoding="utf-8")
                 for file in (name, "_training")]
        measuring = texts[0].partition("\ndef rows(")[0] + texts[1]
        digest = hashlib.sha256(measuring.encode()).hexdigest()[:12]
        return f"{name} {json.dumps(settings)} {digest}"

    def put(self, key, result):
        """Keep a part; the file is never half written."""
        self.parts[key] = json.loads(json.dumps(result))    # the same, whether kept or fresh
        self._write()

    def forget(self, keys):
        """Drop parts that are no longer needed, and with the last one the file."""
        self.parts = {key: part for key, part in self.parts.items() if key not in keys}
        self._write()

    def _write(self):
        if self.file is None:
            return
        if not self.parts:
            self.file.unlink(missing_ok=True)
            return
        draft = self.file.with_suffix(".tmp")
        draft.write_text(json.dumps(self.parts, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.file)


def run_all(work, kept, jobs=None, scheduler=None):
    """Return measure(name, settings) for each pair; those that are kept are not run again."""
    from tqdm import tqdm

    keys = [Kept.key(*part) for part in work]
    todo = [i for i, key in enumerate(keys) if key not in kept.parts]
    bar = tqdm(total=len(work), initial=len(work) - len(todo), unit="part")
    with bar:
        if todo:
            with executor(jobs, scheduler) as pool:
                _run(pool, {i: work[i] for i in todo}, keys, kept, bar)
    return [kept.parts[key] for key in keys]


def _run(pool, todo, keys, kept, bar):
    """Run what is left. A part that fails costs that part; one interrupt calls off the rest."""
    futures, errors = {pool.submit(measure, *part): i for i, part in todo.items()}, []
    try:
        for future in as_completed(futures):
            i = futures[future]
            try:
                kept.put(keys[i], future.result())
            except Exception as error:
                errors.append(error)
            bar.set_postfix_str(todo[i][0], refresh=False)
            bar.update()
    finally:
        for future in futures:
            future.cancel()
    if errors:
        raise errors[0]
