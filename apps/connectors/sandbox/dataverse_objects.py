"""The sandbox organisation's Dataverse tables and their columns."""

from apps.connectors.sandbox.schema import Field, ObjectType

_KEY = Field("mdm_id", length=64, external_id=True)
_STATE = (Field("statecode", "number"), Field("statuscode", "number"))


def _text(name: str, length: int, *, required: bool = False) -> Field:
    return Field(name, length=length, required=required)


def _parent(name: str, target: str) -> Field:
    return Field(name, "reference", target=target)


OBJECTS = {
    kind.name: kind
    for kind in (
        ObjectType(
            "accounts",
            "account",
            (
                _KEY,
                _text("name", 160, required=True),
                _text("accountnumber", 20),
                _text("websiteurl", 200),
                _text("telephone1", 50),
                _text("emailaddress1", 100),
                _text("address1_line1", 250),
                _text("address1_line2", 250),
                _text("address1_city", 80),
                _text("address1_stateorprovince", 50),
                _text("address1_postalcode", 20),
                _text("address1_country", 80),
                _text("mdm_tradename", 160),
                _text("mdm_vat", 40),
                _text("mdm_status", 20),
                _parent("parentaccountid", "accounts"),
                *_STATE,
            ),
            title="name",
        ),
        ObjectType(
            "opportunities",
            "opportunity",
            (
                _KEY,
                _text("name", 300, required=True),
                Field("estimatedvalue", "number"),
                Field("estimatedclosedate", "date"),
                Field("actualclosedate", "date"),
                _text("mdm_contractno", 80),
                _text("mdm_ponumber", 80),
                _text("mdm_contracttype", 20),
                _text("mdm_sellingentity", 40),
                _text("mdm_currency", 3),
                _text("mdm_status", 20),
                _parent("parentaccountid", "accounts"),
                *_STATE,
            ),
            title="name",
        ),
        ObjectType(
            "msdyn_projects",
            "msdyn_project",
            (
                _KEY,
                _text("msdyn_subject", 200, required=True),
                _text("mdm_projectno", 80),
                Field("msdyn_scheduledstart", "datetime"),
                Field("msdyn_finish", "datetime"),
                _text("mdm_billingtype", 20),
                _text("mdm_status", 20),
                _parent("msdyn_customer", "accounts"),
                _parent("mdm_engagement", "opportunities"),
                *_STATE,
            ),
            title="msdyn_subject",
        ),
        ObjectType(
            "bookableresources",
            "bookableresource",
            (
                _KEY,
                _text("name", 100, required=True),
                Field("resourcetype", "number", required=True),
                _text("mdm_workerid", 40),
                _text("mdm_email", 254),
                _text("mdm_role", 100),
                _text("mdm_employingentity", 40),
                *_STATE,
            ),
            title="name",
        ),
        ObjectType(
            "invoices",
            "invoice",
            (
                _KEY,
                _text("name", 300, required=True),
                _text("invoicenumber", 100),
                Field("duedate", "date"),
                Field("mdm_net", "number"),
                Field("mdm_gross", "number"),
                Field("mdm_balance", "number"),
                Field("mdm_issuedon", "date"),
                Field("mdm_paidon", "date"),
                _text("mdm_kind", 20),
                _text("mdm_status", 20),
                _text("mdm_currency", 3),
                _parent("customerid_account", "accounts"),
                _parent("opportunityid", "opportunities"),
                *_STATE,
            ),
            title="name",
        ),
    )
}
