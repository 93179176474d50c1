"""Other apps see only the face of an app: services, selectors, contracts, models and what FACE names."""

from importlib import import_module

from tests.house.code import graph, refuse

FACE = ("services", "selectors", "contracts", "models")
KERNELS = ("apps.core", "apps.audit", "apps.golden", "apps.entities")


def app_of(module: str) -> str:
    """`apps.X`; an entity is an app of its own, what entities share belongs to `apps.entities`."""
    parts = module.split(".")
    if parts[:2] == ["apps", "entities"] and f"{'.'.join(parts[:3])}.apps" in graph().modules:
        return ".".join(parts[:3])
    return ".".join(parts[:2])


def is_face(module: str) -> bool:
    app = app_of(module)
    rest = module[len(app) + 1 :].split(".")
    if app in KERNELS:
        return not any(part.startswith("_") for part in rest)
    extra: tuple[str, ...] = getattr(import_module(app), "FACE", ())
    return rest[0] in (*FACE, *extra) or ".".join(rest) in extra


def test_apps_see_only_the_face_of_others() -> None:
    trespasses = []
    for importer in sorted(graph().modules):
        if ".migrations" in importer:
            continue
        for imported in sorted(graph().find_modules_directly_imported_by(importer)):
            if app_of(imported) == app_of(importer) or not imported.startswith("apps."):
                continue
            if not is_face(imported):
                trespasses.append(f"{importer} imports {imported}")
    refuse(trespasses)


def test_the_face_is_made_of_modules_that_exist() -> None:
    missing = []
    for app in {app_of(module) for module in graph().modules if module.startswith("apps.")}:
        for name in getattr(import_module(app), "FACE", ()):
            if f"{app}.{name}" not in graph().modules:
                missing.append(f"{app}.{name}")
    refuse(missing)


def test_a_private_module_is_not_a_face() -> None:
    assert is_face("apps.sources.services")
    assert is_face("apps.core.bulk")
    assert not is_face("apps.sources.landing")
    assert not is_face("apps.core._private")


def test_entities_do_not_import_each_other() -> None:
    crossings = [
        f"{importer} imports {imported}"
        for importer in graph().modules
        if importer.startswith("apps.entities.") and ".migrations" not in importer
        for imported in graph().find_modules_directly_imported_by(importer)
        if app_of(imported) not in (app_of(importer), "apps.entities")
        and imported.startswith("apps.entities.")
    ]
    refuse(crossings)
