"""The OpenAPI 3.1 document: component schemas from the entity specs, operations from the views."""
