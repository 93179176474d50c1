"""Forms of stewards on a golden record: values by hand, each as its kind asks, and a reason."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from apps.console.golden.header import RecordHead
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.spec import Attribute, EntitySpec, Kind

INPUT = {"class": "hub-input wide"}
SELECT = {"class": "hub-select wide"}


class ReasonForm(forms.Form):
    """Why somebody decides something; kept with the decision for ever."""

    reason = forms.CharField(max_length=500, widget=forms.TextInput(attrs={**INPUT, "required": True}))


class GoldenReferenceField(forms.CharField):
    """A golden record of one entity by code or golden id; cleans to the golden id as text."""

    default_error_messages: ClassVar = {
        "unknown": "There is no live %(label)s with this code or golden id. Open it and copy its code."
    }

    def __init__(self, *, target: EntitySpec | str, **options: Any) -> None:
        self.target = target if isinstance(target, str) else target.name
        super().__init__(**options)

    def clean(self, value: Any) -> str | None:
        text = super().clean(value)
        if not text:
            return None
        live = GoldenRecord.objects.filter(entity=self.target, status=RecordStatus.LIVE)
        try:
            found = live.filter(pk=UUID(text)).first()
        except ValueError:
            found = live.filter(code=text.upper()).first()
        if found is None:
            raise forms.ValidationError(
                self.error_messages["unknown"], code="unknown", params={"label": self.target}
            )
        return str(found.pk)


class ValuesForm(ReasonForm):
    """The attributes of one group of one record; what is left empty is pinned as having no value."""

    def __init__(self, head: RecordHead, group: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.attributes = editable_attributes(head, group)
        for attribute in self.attributes:
            value = head.document.get(attribute.name)
            self.fields[attribute.name] = _field(head.spec, attribute)
            self.fields[attribute.name].initial = value if value is not None else ""
        self.fields["expires_on"] = forms.DateField(
            required=False, widget=forms.DateInput(attrs={**INPUT, "type": "date"}, format="%Y-%m-%d")
        )
        self.order_fields([*(each.name for each in self.attributes), "reason", "expires_on"])

    @property
    def value_fields(self) -> list[forms.BoundField]:
        return [self[each.name] for each in self.attributes]

    @property
    def expires_at(self) -> datetime | None:
        """Return the moment after the last day the pin shall hold, in UTC."""
        last: date | None = self.cleaned_data.get("expires_on")
        return datetime.combine(last + timedelta(days=1), time.min, UTC) if last else None

    def changed_values(self) -> dict[str, Any]:
        """Return the values that were changed; None for one that was emptied."""
        names = {each.name for each in self.attributes} & set(self.changed_data)
        booleans = {each.name for each in self.attributes if each.kind is Kind.BOOLEAN}
        return {
            name: None if value in ("", None) else value == "True" if name in booleans else value
            for name, value in self.cleaned_data.items()
            if name in names
        }


def editable_attributes(head: RecordHead, group: str) -> list[Attribute]:
    """Return what may be set by hand in a group: nothing derived, nothing this user does not see."""
    return [
        each
        for each in head.spec.attributes
        if (each.group or each.name) == group and not each.derived and not head.sight.hides(each.name)
    ]


def _field(spec: EntitySpec, attribute: Attribute) -> forms.Field:
    shared: dict[str, Any] = {
        "required": False,
        "label": attribute.title.capitalize(),
        "help_text": attribute.help,
    }
    if attribute.kind is Kind.REFERENCE:
        hint = {**INPUT, "placeholder": "code or golden id"}
        return GoldenReferenceField(target=attribute.references, widget=forms.TextInput(attrs=hint), **shared)
    if attribute.kind is Kind.BOOLEAN:
        answers = [("", "–"), ("True", "Yes"), ("False", "No")]
        return forms.ChoiceField(choices=answers, widget=forms.Select(attrs=SELECT), **shared)
    states = spec.lifecycle.states if attribute.name == "status" else attribute.choices
    if states:
        choices = [("", "–"), *((state, state.replace("_", " ")) for state in states)]
        return forms.ChoiceField(choices=choices, widget=forms.Select(attrs=SELECT), **shared)
    if attribute.kind is Kind.DATE:
        widget = forms.DateInput(attrs={**INPUT, "type": "date"}, format="%Y-%m-%d")
        return forms.CharField(widget=widget, **shared)
    return forms.CharField(max_length=attribute.max_length, widget=forms.TextInput(attrs=INPUT), **shared)
