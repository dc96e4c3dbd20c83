#!/usr/bin/env python3
"""Prints the CloudFormation that SAM makes of a template, as JSON.

    python3 infra/expand.py infra/template.yaml > expanded.json

Linters pass what SAM silently ignores, so what is promised about routes, roles and event sources is checked on this
output. Needs the package aws-sam-translator and nothing else: no account, no network, no built functions. Parameters
keep their default; one without a default stays a Ref.
"""

import json
import logging
import os
import sys

# SAM asks boto3 for a region to learn the partition. Any region of the standard partition expands alike.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.public.exceptions import InvalidDocumentException  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """Stands in for SAM's list of AWS managed policies, which it would fetch from IAM. Our roles name ARNs."""

    def load(self):
        return {}


def expand(template_path):
    """Returns the expanded template. Code is never read: a folder that is not there yet becomes a made-up S3 object."""
    with open(template_path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template.get("Resources", {}).values():
        if resource.get("Type") == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "code", "Key": "bootstrap.zip"}
    return transform(template, {}, NoManagedPolicies())


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: expand.py <template>")
    # SAM warns about feature switches of its own that exist only inside AWS.
    logging.disable(logging.WARNING)
    try:
        expanded = expand(sys.argv[1])
    except InvalidDocumentException as refusal:
        sys.exit("\n".join([refusal.message] + [cause.message for cause in refusal.causes]))
    json.dump(expanded, sys.stdout, indent=2, sort_keys=True, default=str)
    print()


if __name__ == "__main__":
    main()
