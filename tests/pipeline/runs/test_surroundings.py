import subprocess

import pytest

from pipeline.runs.surroundings import commit_of, versions


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        done = subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "pets.py").write_text("pipeline = 1\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    return git, tmp_path


def test_versions_are_those_that_run():
    found = versions()
    assert {"machine", "python", "transferline", "tfx", "tensorflow"} <= set(found)
    assert found["machine"].endswith(" processors")
    assert found["tensorflow"][0].isdigit()


def test_the_commit_of_a_catalog_file_and_what_changed_since(repository):
    git, folder = repository
    commit = git("rev-parse", "HEAD")[:12]
    assert commit_of(str(folder / "pets.py")) == commit
    (folder / "pets.py").write_text("pipeline = 2\n")
    assert commit_of(str(folder / "pets.py")) == f"{commit}, and 1 file changed since"
    (folder / "new.py").write_text("")
    assert commit_of(str(folder / "new.py")) == f"{commit}, and new.py isn't in it"


def test_nothing_is_said_without_a_commit(repository, tmp_path_factory, monkeypatch):
    _, folder = repository
    assert commit_of("") == ""
    assert commit_of(str(tmp_path_factory.mktemp("plain") / "a.py")) == ""
    assert commit_of("/no/such/folder/a.py") == ""
    monkeypatch.setenv("PATH", "")
    assert commit_of(str(folder / "pets.py")) == ""


def test_a_repository_runs_no_program_of_its_own(repository):
    git, folder = repository
    made = folder / "made"
    git("config", "core.fsmonitor", f"touch {made}")
    assert commit_of(str(folder / "pets.py"))
    assert not made.exists()
