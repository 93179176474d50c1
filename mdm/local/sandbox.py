"""What a local hub's connections hold to sign in to the sandbox targets: kind to (options, secrets)."""

from typing import Any

from apps.connectors.sandbox.running import default_options, default_secrets

SANDBOX_SECRETS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    kind: (default_options(kind), default_secrets(kind)) for kind in ("salesforce", "netsuite")
}
