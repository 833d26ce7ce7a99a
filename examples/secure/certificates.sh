#!/bin/sh
# Makes certificates for trying it out: certificates.sh FOLDER NAME…
# An authority of your own vouches for the broker, under each NAME that clients call it by.
set -eu
folder=$1
shift
mkdir -p "$folder"
cd "$folder"
umask 077
curve="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $curve -days 365 -subj "/CN=my authority" -keyout ca.key -out ca.pem
openssl req $curve -subj "/CN=$1" -keyout broker.key -out broker.csr
printf 'subjectAltName=' > names.txt
comma=""
for name in "$@"; do
  printf '%sDNS:%s' "$comma" "$name" >> names.txt
  comma=","
done
openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile names.txt -out broker.crt
cat broker.key broker.crt > broker.pem
