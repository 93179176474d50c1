"""The sandbox account's NetSuite record types and their fields."""

from apps.connectors.sandbox.schema import Field, ObjectType

#: References to lists that the account was set up with; our own companies are known by their external ids.
LISTS = {
    "currency": ("1", "2", "3", "4", "5", "6", "7", "8", "9"),
    "jobBillingType": ("TM", "FBI", "FBM"),
    "entityStatus": ("AWAITING", "IN_PROGRESS", "ON_HOLD", "COMPLETED", "CLOSED"),
}
SUBSIDIARY = r"^[A-Z]{2}\d{2}$"
_INACTIVE = Field("isInactive", "boolean")
_SUBSIDIARY = Field("subsidiary", "reference", required=True, target="subsidiary")

_CUSTOMER = ObjectType(
    "customer",
    "Customer",
    (
        Field("entityId", length=83),
        Field("companyName", length=83, required=True),
        Field("altName", length=83),
        Field("vatRegNumber", length=40),
        Field("custentity_reg_no", length=40),
        Field("custentity_duns", length=9),
        Field("custentity_lei", length=20),
        Field("email", length=254),
        Field("phone", length=32),
        Field("url", length=100),
        Field("currency", "reference", target="currency"),
        _SUBSIDIARY,
        Field("parent", "reference", target="customer"),
        Field("addressBook", "list"),
        _INACTIVE,
    ),
    title="companyName",
)
_ENGAGEMENT = ObjectType(
    "customrecord_mdm_engagement",
    "Engagement",
    (
        Field("name", length=99, required=True),
        Field("custrecord_mdm_customer", "reference", required=True, target="customer"),
        Field("custrecord_mdm_contract_no", length=80),
        Field("custrecord_mdm_contract_type", length=20),
        Field("custrecord_mdm_po_number", length=80),
        Field("custrecord_mdm_subsidiary", "reference", target="subsidiary"),
        Field("custrecord_mdm_currency", length=3),
        Field("custrecord_mdm_base_value", "number"),
        Field("custrecord_mdm_start", "date"),
        Field("custrecord_mdm_end", "date"),
        Field("custrecord_mdm_status", length=20),
        _INACTIVE,
    ),
    title="name",
)
_JOB = ObjectType(
    "job",
    "Project (job)",
    (
        Field("entityId", length=83, required=True),
        Field("companyName", length=83, required=True),
        Field("parent", "reference", required=True, target="customer"),
        Field("custentity_mdm_engagement", "reference", target="customrecord_mdm_engagement"),
        _SUBSIDIARY,
        Field("jobBillingType", "reference", target="jobBillingType"),
        Field("entityStatus", "reference", target="entityStatus"),
        Field("startDate", "date"),
        Field("projectedEndDate", "date"),
        Field("jobPrice", "number"),
        _INACTIVE,
    ),
    title="companyName",
)
_EMPLOYEE = ObjectType(
    "employee",
    "Employee",
    (
        Field("entityId", length=83, required=True),
        Field("firstName", length=32),
        Field("lastName", length=32, required=True),
        Field("email", length=254),
        Field("phone", length=32),
        Field("title", length=100),
        _SUBSIDIARY,
        Field("hireDate", "date"),
        Field("releaseDate", "date"),
        _INACTIVE,
    ),
    title="lastName",
)
OBJECTS = {kind.name: kind for kind in (_CUSTOMER, _ENGAGEMENT, _JOB, _EMPLOYEE)}
