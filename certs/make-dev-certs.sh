#!/bin/sh
# Makes a local certificate authority (kept when it exists) and a server certificate for this machine. Needs openssl.
set -eu
cd "$(dirname "$0")"
umask 077

if [ ! -f dev-ca.key ]; then
  openssl ecparam -name prime256v1 -genkey -noout -out dev-ca.key
  openssl req -x509 -new -key dev-ca.key -sha256 -days 365 -out dev-ca.crt -subj "/CN=IdP development CA" \
    -addext "basicConstraints=critical,CA:true,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign"
fi

extensions=$(mktemp)
trap 'rm -f "$extensions" dev.csr' EXIT
cat > "$extensions" <<'EXT'
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,DNS:id.localhost,IP:127.0.0.1,IP:::1
EXT

openssl ecparam -name prime256v1 -genkey -noout -out dev.key.new
openssl req -new -key dev.key.new -out dev.csr -subj "/CN=localhost"
openssl x509 -req -in dev.csr -CA dev-ca.crt -CAkey dev-ca.key -CAcreateserial -sha256 -days 90 -extfile "$extensions" -out dev.crt.new 2>/dev/null
cat dev-ca.crt >> dev.crt.new
mv dev.key.new dev.key
mv dev.crt.new dev.crt
chmod 644 dev.crt dev-ca.crt

echo "certs/dev.crt and certs/dev.key are ready; trust certs/dev-ca.crt to use them."
