"""Prints, as JSON, what SAM makes of infra/template.yaml: what CloudFormation really gets.

Run by the interpreter that aws-sam-cli is installed for, in the repository's root; its arguments, NAME=VALUE, are parameters of the
template that have another value than their default. It judges nothing and asks nobody: boto wants the name of a region, and no
account.
"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Stands for AWS's list of managed policies, which no function of the template names."""

    @staticmethod
    def load():
        return {}


with open("infra/template.yaml", encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    # The transform runs in AWS, after the upload, and takes no local zip.
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = resource["Properties"]["CodeUri"].replace("../", "s3://bucket/")
parameters = dict(argument.split("=", 1) for argument in sys.argv[1:])
expanded = transform(template, parameters, NoManagedPolicies())
print(json.dumps(expanded))
