"""Find the merged records that rules bring back: who leaves a golden record goes home to where he came from."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from apps.golden.models import RecordStatus
from apps.mastering.models import Merge


def former_homes(*, leaving: Mapping[UUID, tuple[UUID, Iterable[UUID]]]) -> dict[UUID, Merge]:
    """Return, by new golden id, the merge whose loser may live again in its place.

    `leaving` names, by new golden id, the golden record that is left and the source records that leave it. Most of
    them came with that loser, and it is the closest fit; each loser is found once. One statement.
    """
    homes = {home for home, _ in leaving.values()}
    open_merges = Merge.objects.filter(
        loser__merged_into__in=homes, loser__status=RecordStatus.MERGED, unmerged_at__isnull=True
    ).select_related("loser")
    by_home: dict[UUID, list[Merge]] = {}
    for merge in open_merges.order_by("-merged_at", "pk"):
        by_home.setdefault(merge.loser.merged_into_id or merge.survivor_id, []).append(merge)
    fits = []
    for new, (home, sources) in leaving.items():
        members = {str(source) for source in sources}
        for merge in by_home.get(home, ()):
            moved = set(merge.moved)
            common = len(members & moved)
            if 2 * common > len(members):
                fits.append((-common, len(moved - members), str(new), str(merge.pk), new, merge))
    found: dict[UUID, Merge] = {}
    taken: set[UUID] = set()
    for *_, new, merge in sorted(fits, key=lambda fit: fit[:4]):
        if new not in found and merge.loser_id not in taken:
            found[new] = merge
            taken.add(merge.loser_id)
    return found
