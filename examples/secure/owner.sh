#!/bin/sh
# What the owner of the broker does once: a user, its topics, and what it may do with them.
# The password of the user stands in MILLRACE_PASSWORD.
set -eu
millrace users add app --mechanism SCRAM-SHA-512
millrace topics create payments receipts --partitions 4 --if-not-exists
millrace acls add --allow-principal User:app --consumer --topic payments --group receipts-app
millrace acls add --allow-principal User:app --producer --topic receipts
millrace acls add --allow-principal User:app --producer --transactional-id receipts-app --resource-pattern-type prefixed
