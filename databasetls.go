package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// databaseTLS is what the controller speaks with the database; nil: no TLS.
func (b *behaviour) databaseTLS() (*tls.Config, error) {
	switch {
	case b.DatabaseTLS != "on" && b.DatabaseCA != "":
		return nil, errors.New("--database-ca needs --database-tls=on")
	case b.DatabaseTLS != "on":
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if b.DatabaseCA == "" {
		return config, nil
	}
	pem, err := os.ReadFile(b.DatabaseCA)
	if err != nil {
		return nil, fmt.Errorf("--database-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--database-ca: there is no certificate in %s", b.DatabaseCA)
	}
	config.VerifyConnection = signedBy(roots)
	return config, nil
}

// signedBy verifies who has signed a certificate, and not for which name.
func signedBy(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, other := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(other)
		}
		_, err := state.PeerCertificates[0].Verify(options)
		return err
	}
}
