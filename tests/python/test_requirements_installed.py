"""Requirements that pip installs, from wheels that are made here."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from regear._pip import Pip
from regear._requirements import InstalledRequirements
from regear.errors import RequirementError
from tests._packages import make_sdist, make_wheel, waits_for


@pytest.fixture
def folders(tmp_path: Path) -> Callable[[], list[Path]]:
    """All that is in the data directory, drafts too."""

    def found() -> list[Path]:
        home = tmp_path / "data" / "requirements"
        return sorted(home.iterdir()) if home.exists() else []

    return found


def version_of(module: str) -> str:
    return str(importlib.import_module(module).version)


def refused(requirements: InstalledRequirements, *texts: str) -> str:
    with pytest.raises(RequirementError, match="Could not satisfy") as caught:
        requirements.provide(texts)
    return str(caught.value)


def test_installed_once_and_found_again_without_pip(
    links, requirements, new_requirements, folders
) -> None:
    make_wheel(links, "thing", "1.0", requires=["thing-part"])
    make_wheel(links, "thing-part", "2.0")
    assert not requirements.ready(["thing==1.0"])
    requirements.provide(["rgsync", "thing==1.0"])
    (folder,) = folders()
    assert json.loads((folder / ".regear-requirement.json").read_text()) == {
        "requirement": "thing==1.0",
        "python": sys.implementation.cache_tag,
        "distributions": {"thing": "1.0", "thing-part": "2.0"},
        "wheel": "thing-1.0-py3-none-any.whl",
    }
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert folder.parent.parent.stat().st_mode & 0o777 == 0o700
    assert "thing" not in sys.modules

    sys.path.remove(str(folder))
    for wheel in links.iterdir():
        wheel.unlink()
    assert new_requirements(Pip("/no/python")).ready(["thing==1.0"])
    assert version_of("thing") == "1.0"
    assert version_of("thing_part") == "2.0"


def test_what_the_environment_has_is_not_installed(
    tmp_path, requirements, environment, folders
) -> None:
    environment(make_wheel(tmp_path, "thing", "2.0"))
    assert requirements.ready(["thing>=1", "thing==2.0"])
    assert folders() == []


def test_other_version_than_the_environment_wins(
    tmp_path, links, requirements, environment
) -> None:
    environment(make_wheel(tmp_path, "thing", "2.0"))
    make_wheel(links, "thing", "1.0")
    requirements.provide(["thing==1.0"])
    assert version_of("thing") == "1.0"
    assert importlib.metadata.version("thing") == "1.0"


def test_what_the_host_has_imported_stays(
    tmp_path, links, requirements, environment, folders
) -> None:
    environment(make_wheel(tmp_path, "thing", "2.0"))
    make_wheel(links, "thing", "1.0")
    assert version_of("thing") == "2.0"
    text = refused(requirements, "thing==1.0")
    assert "thing 2.0 is in use in this host, not thing==1.0 (try: " in text
    assert "(try: thing==2.0, or restart the host" in text
    assert folders() == []


def test_what_regear_itself_uses_stays(requirements) -> None:
    text = refused(requirements, "redis==3.5.3")
    assert "is in use in this host, not redis==3.5.3" in text
    assert "regear uses it itself" in text


def test_what_regear_itself_uses_will_do_for_dependencies(
    links, requirements, caplog
) -> None:
    make_wheel(links, "thing", "1.0", requires=["redis==3.5.3"])
    make_wheel(links, "redis", "3.5.3")
    requirements.provide(["thing"])
    assert version_of("thing") == "1.0"
    assert importlib.import_module("redis").__version__ != "3.5.3"
    assert "thing needs redis==3.5.3 (by thing 1.0): redis " in caplog.text


def test_first_session_decides_on_a_version(links, requirements) -> None:
    make_wheel(links, "thing", "1.0")
    make_wheel(links, "thing", "2.0")
    requirements.provide(["thing==1.0"])
    assert "thing 1.0 is in use" in refused(requirements, "thing==2.0")
    assert "thing 1.0 is in use" in refused(requirements, "thing>1")
    requirements.provide(["thing"])
    assert version_of("thing") == "1.0"


def test_all_of_a_session_or_nothing(links, requirements, folders) -> None:
    make_wheel(links, "thing", "1.0")
    make_wheel(links, "thing-part", "1.0", requires=["thing==2.0"])
    make_wheel(links, "thing", "2.0")
    before = list(sys.path)
    text = refused(requirements, "thing==1.0", "thing-part")
    assert "in this host, thing-part needs thing==2.0 (by thing-part 1.0) (try" in text
    assert sys.path == before
    assert len(folders()) == 2


def test_promise_of_an_earlier_session_is_kept(
    tmp_path, links, requirements, environment
) -> None:
    environment(make_wheel(tmp_path, "thing", "1.0"))
    make_wheel(links, "thing", "2.0")
    make_wheel(links, "thing-part", "1.0", requires=["thing>=2"])
    requirements.provide(["thing<2"])  # not imported yet
    assert "thing 1.0 is in use" in refused(requirements, "thing-part")
    assert version_of("thing") == "1.0"


def test_dependency_that_is_in_use_will_do(
    tmp_path, links, requirements, environment, folders
) -> None:
    environment(make_wheel(tmp_path, "thing", "1.5"))
    assert version_of("thing") == "1.5"
    make_wheel(links, "thing", "1.9")  # 1.5 is not on the index
    make_wheel(links, "thing-part", "1.0", requires=["thing<2"])
    requirements.provide(["thing-part"])
    assert version_of("thing_part") == "1.0"
    assert version_of("thing") == "1.5"


def test_extra_that_the_environment_lacks(
    tmp_path, links, requirements, environment
) -> None:
    optional = {"requires": ["thing-part; extra == 'more'"], "extras": ["more"]}
    environment(make_wheel(tmp_path, "thing", "1.0", **optional))
    make_wheel(links, "thing", "1.0", **optional)
    make_wheel(links, "thing-part", "1.0")
    assert requirements.ready(["thing"])
    assert not requirements.ready(["thing[more]"])
    requirements.provide(["thing[more]"])
    assert version_of("thing_part") == "1.0"


def test_wheel_by_its_path(tmp_path, requirements) -> None:
    wheel = make_wheel(tmp_path / "here", "thing", "1.0")
    requirements.provide([str(wheel)])
    assert version_of("thing") == "1.0"
    other = make_wheel(tmp_path / "here", "thing", "2.0")
    assert "thing 1.0 is in use" in refused(requirements, str(other))
    assert "thing 1.0 is in use" in refused(requirements, f"thing @ file://{other}")


def test_ours_are_not_installed_as_dependencies(links, requirements, folders) -> None:
    make_wheel(links, "rgsync", "1.2.0")
    make_wheel(links, "thing", "1.0", requires=["rgsync"])
    requirements.provide(["thing"])
    (folder,) = folders()
    assert not list(folder.glob("rgsync*"))
    assert version_of("thing") == "1.0"


def test_pip_says_why_and_leaves_nothing(requirements, folders) -> None:
    text = refused(requirements, "thing==7.0")
    assert "ERROR: No matching distribution found for thing==7.0" in text
    assert "(try: another version, or RequirementsFindLinks=" in text
    assert folders() == []


def test_no_secret_in_an_error(new_requirements, capfd) -> None:
    index = "http://me:pa%24%24word@127.0.0.1:1/simple"
    requirements = new_requirements(
        RequirementsIndexUrl=index, RequirementsNoIndex="no"
    )
    os.environ["PIP_RETRIES"] = "0"
    try:
        text = refused(requirements, "thing", f"{index}/thing.zip")
        text += refused(requirements, f"{index}/thing.zip")
    finally:
        del os.environ["PIP_RETRIES"]
    assert "127.0.0.1" in text
    for secret in ("pa%24%24word", "pa$$word", "me:"):
        assert secret not in text


def test_long_lines_of_pip_are_cut(links, requirements) -> None:
    for number in range(100):
        make_wheel(links, "thing", f"1.{number}")
    text = refused(requirements, "thing==7.0")
    assert "(from versions: 1.0, 1.1," in text
    assert "1.99)" in text
    assert "No matching distribution found for thing==7.0" in text
    assert len(text) < 800


def test_build_that_fails_shows_its_last_lines(links, requirements, folders) -> None:
    make_sdist(links, "thing", "1.0", "raise SystemExit('no compiler here')")
    assert "no compiler here" in refused(requirements, "thing")
    assert folders() == []


def test_time_is_bounded(tmp_path, links, new_requirements, folders) -> None:
    make_sdist(links, "thing", "1.0", waits_for(tmp_path / "never"))
    requirements = new_requirements(RequirementsTimeout="3")
    text = refused(requirements, "thing")
    assert "pip was ended after 3 seconds" in text
    assert "RequirementsTimeout=" in text
    assert folders() == []


def test_pip_ends_with_the_host(tmp_path, links, new_requirements, folders) -> None:
    begun = tmp_path / "begun"
    script = f"open({str(begun)!r}, 'w').close()\n" + waits_for(tmp_path / "never")
    make_sdist(links, "thing", "1.0", script)
    requirements = new_requirements()
    threading.Thread(target=lambda: (wait_for_file(begun), requirements.stop())).start()
    assert "the host is stopping" in refused(requirements, "thing")
    assert folders() == []


def wait_for_file(file: Path) -> None:
    from tests.integration._servers import wait_for

    wait_for(file.exists, 30)


def test_two_hosts_at_once(links, new_requirements, folders) -> None:
    make_wheel(links, "thing", "1.0")
    hosts = [new_requirements(), new_requirements()]
    errors: list[Exception] = []

    def provide(host: InstalledRequirements) -> None:
        try:
            host.provide(["thing==1.0"])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=provide, args=(host,)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(folders()) == 1
    assert version_of("thing") == "1.0"


def test_incomplete_folder_is_not_used(
    links, requirements, new_requirements, folders
) -> None:
    make_wheel(links, "thing", "1.0")
    requirements.provide(["thing==1.0"])
    (folder,) = folders()
    sys.path.remove(str(folder))
    (folder / ".regear-requirement.json").write_text("")
    (folder / "thing" / "__init__.py").write_text("")
    again = new_requirements()
    assert not again.ready(["thing==1.0"])
    again.provide(["thing==1.0"])
    assert folders() == [folder]
    assert version_of("thing") == "1.0"


def test_folder_that_others_may_write_to(links, requirements, tmp_path) -> None:
    make_wheel(links, "thing", "1.0")
    home = tmp_path / "data" / "requirements"
    home.mkdir(parents=True)
    home.chmod(0o777)
    text = refused(requirements, "thing")
    assert f"others may write to {home}" in text
    assert f"chmod go-w {home}" in text


def test_python_without_pip(tmp_path, links, new_requirements) -> None:
    make_wheel(links, "thing", "1.0")
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    text = refused(new_requirements(Pip(str(bare / "bin" / "python"))), "thing")
    assert "No module named pip" in text
    assert "(try: python3 -m ensurepip" in text


def test_reinstalled(links, requirements, folders) -> None:
    make_wheel(links, "thing", "1.0", body="text = 'old'")
    requirements.provide(["thing"])
    old = importlib.import_module("thing")
    make_wheel(links, "thing", "1.0", body="text = 'new and longer'")
    requirements.provide(["thing"])
    assert importlib.import_module("thing") is old
    requirements.provide(["thing"], reinstall=True)
    assert importlib.import_module("thing").text == "new and longer"
    assert len(folders()) == 1


def test_reinstalling_does_not_change_what_is_in_use(
    links, requirements, folders
) -> None:
    old = make_wheel(links, "thing", "1.0")
    requirements.provide(["thing"])
    assert version_of("thing") == "1.0"
    make_wheel(links, "thing", "2.0")
    requirements.provide(["thing"], reinstall=True)  # what is in use, anew
    old.unlink()
    with pytest.raises(RequirementError, match=r"thing 1\.0 is in use"):
        requirements.provide(["thing"], reinstall=True)
    (folder,) = folders()
    assert json.loads((folder / ".regear-requirement.json").read_text())[
        "distributions"
    ] == {"thing": "1.0"}
