package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// databaseTLS says whether the database speaks TLS.
type databaseTLS struct {
	DatabaseTLS bool   `name:"database-tls" help:"The database speaks TLS with the controller, as it does with everybody once it has a certificate."`
	DatabaseCA  string `name:"database-ca" help:"File with the certificates of the authorities that may have signed the database's; empty: any certificate will do. Names in it are not looked at, because instances are reached by their addresses." type:"path" placeholder:"FILE"`
}

// config is what is spoken with the database; nil: no TLS.
func (d databaseTLS) config() (*tls.Config, error) {
	switch {
	case !d.DatabaseTLS && d.DatabaseCA != "":
		return nil, errors.New("--database-ca needs --database-tls")
	case !d.DatabaseTLS:
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.DatabaseCA == "" {
		return config, nil
	}
	pem, err := os.ReadFile(d.DatabaseCA)
	if err != nil {
		return nil, fmt.Errorf("--database-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--database-ca: there is no certificate in %s", d.DatabaseCA)
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
