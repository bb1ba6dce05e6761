"""Certificates for tests: a CA of its own and one certificate for 127.0.0.1, made with openssl in a directory."""

import os
import ssl
import subprocess


class Certificates:
    def __init__(self, directory):
        self.ca = os.path.join(directory, "ca.crt")
        self.certificate = os.path.join(directory, "node.crt")
        self.key = os.path.join(directory, "node.key")
        self._directory = directory
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=test CA", "-keyout", os.path.join(directory, "ca.key"), "-out", self.ca)
        self.renew()

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self._directory)

    def renew(self):
        """Writes a new key and certificate of the same CA to the same paths."""
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=node",
                      "-keyout", self.key, "-out", "node.csr")
        with open(os.path.join(self._directory, "san"), "w") as file:
            file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        self._openssl("x509", "-req", "-in", "node.csr", "-CA", self.ca, "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", "san", "-out", self.certificate)

    def directives(self):
        """For a node that speaks TLS on its client port, its bus and its replication links."""
        return {"tls-cert-file": self.certificate, "tls-key-file": self.key, "tls-ca-cert-file": self.ca,
                "tls-auth-clients": "no", "tls-cluster": "yes", "tls-replication": "yes"}

    def context(self):
        """For a client that trusts the CA."""
        context = ssl.create_default_context(cafile=self.ca)
        return context
