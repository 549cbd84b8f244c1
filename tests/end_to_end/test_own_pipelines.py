"""A pipeline of a user's own, in a folder outside of the checkout, through TFX's own command and through ours."""

import hashlib
import json

import pytest

ROWS = 240
PIPELINE = """
import sys

from limits_of_ours import THRESHOLDS
from pipeline.config import MLP, CsvData, Evaluation, MLPTraining, RowPipeline, RowSplit, RowTransform

CONFIG = RowPipeline(
    name="sizes",
    data=CsvData(path="{data}", label="kind", split=RowSplit(by="hash", train=0.6, eval=0.2, test=0.2)),
    transform=RowTransform(features=("size", "weight")),
    trainer=MLPTraining(models={{"tiny": MLP(widths=(4,))}}, max_epochs=2, batch_size=32),
    evaluation=Evaluation(thresholds=THRESHOLDS),
)

if __name__ == "__main__":
    from pipeline.script import catalog_script

    sys.exit(catalog_script(CONFIG))
"""
BESIDE = """
from pipeline.config import Threshold

THRESHOLDS = (Threshold(metric="accuracy", at_least=0.0),)
"""
ON_CLUSTER = ("--image", "registry.example.com/transferline:1", "--root", "gs://bucket/transferline")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    lines = [f"{n % 17}.5,{n % 13}.25,{'ab'[n % 17 > 8]}" for n in range(ROWS)]
    (folder / "rows.csv").write_text("size,weight,kind\n" + "\n".join(lines) + "\n")
    (folder / "pipelines").mkdir()
    (folder / "pipelines" / "sizes.py").write_text(PIPELINE.format(data=folder / "rows.csv"))
    (folder / "pipelines" / "limits_of_ours.py").write_text(BESIDE)
    return folder


@pytest.fixture(scope="module")
def ran(home, project):
    create = ("pipeline", "create", "--engine=local", "--pipeline_path=./pipelines/sizes.py")
    run = ("run", "create", "--engine=local", "--pipeline_name=sizes")
    created, ran = home.tfx((create, str(project), {}), (run, "/", {}))
    assert 'Pipeline "sizes" created successfully' in created.stdout
    return ran


def test_the_tfx_command_runs_it_from_any_folder(ran, home, project):
    assert ran.returncode == 0, ran.stdout
    listed = json.loads(home.here("list", "--json", cwd=project).stdout)
    (sizes,) = [each for each in listed if each["name"] == "sizes"]
    assert (sizes["kind"], sizes["status"], sizes["fault"]) == ("rows", "pushed", "")


def test_our_command_takes_it_for_the_same_pipeline(ran, home, project):
    for given, folder in (("sizes", project), (project / "pipelines" / "sizes.py", "/")):
        done = home.forked("run", given, cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
        assert "nothing changed since run" in done.stdout


def test_its_lineage_names_the_file_with_its_hash(ran, home, project):
    path = project / "pipelines" / "sizes.py"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (record,) = json.loads(home.here("runs", "sizes", "--json", cwd=project).stdout)
    assert (record["file"], record["file_sha256"]) == (str(path), digest)
    *_, last = json.loads(home.here("lineage", "sizes", "--json", cwd=project).stdout)
    assert (last["name"], last["uri"], last["details"]) == ("catalog file", str(path), f"sha256 {digest[:16]}")


def test_a_comment_in_the_file_changes_nothing_that_a_run_depends_on(ran, home, project):
    with (project / "pipelines" / "sizes.py").open("a") as file:
        file.write("# a comment\n")
    assert "nothing changed since run" in home.forked("run", "sizes", cwd=project).stdout


def test_the_script_is_refused_the_folder_of_another_projects_pipeline(ran, home, project, tmp_path):
    for name in ("sizes.py", "limits_of_ours.py"):
        (tmp_path / name).write_bytes((project / "pipelines" / name).read_bytes())
    done = home.command("python", "sizes.py", cwd=tmp_path)
    assert done.returncode == 1
    assert f"has the runs of another pipeline of the name 'sizes': {project}/pipelines/sizes.py" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(home.runs(str(project / "pipelines" / "sizes.py"))) == 1


def test_it_is_compiled_and_the_image_needs_nothing_of_it(home, project):
    out = home.path / "sizes.json"
    options = ("--target", "vertex", *ON_CLUSTER, "--data-dir", "gs://bucket/rows.csv", "-o", out)
    done = home.here("compile", "./pipelines/sizes.py", *options, cwd=project)
    assert done.returncode == 0, done.stderr
    assert "gs://bucket/rows.csv" in out.read_text()
    assert str(project) not in out.read_text()
    assert "limits_of_ours" not in out.read_text()
