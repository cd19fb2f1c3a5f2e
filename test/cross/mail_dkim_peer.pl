#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Mail::DKIM as a co-process of the tests; see test/lib/fields.h for the format
# of requests and answers.
#
#	record NAME TEXT	answers later key lookups
#	sign DOMAIN SELECTOR ALGORITHM CANON PEM-FILE MESSAGE NAME ...
#				returns the value of the field; h= has the
#				names as listed
#	verify MESSAGE		returns, by signature, pass or fail and the
#				reason of Mail::DKIM
#	arc-verify MESSAGE	returns none, pass or fail and the reason
#	arc-seal DOMAIN SELECTOR PEM-FILE AUTHSERV-ID MESSAGE NAME ...
#				returns ARC-Seal, ARC-Message-Signature and
#				ARC-Authentication-Results; cv= is the result
#				in Authentication-Results
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
no warnings 'redefine';
use Fields;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;
use Mail::DKIM::ARC::Signer;
use Mail::DKIM::ARC::Verifier;
use Mail::DKIM::DNS;

package Peer::TXT;
sub new { my ($class, $text) = @_; return bless { text => $text }, $class; }
sub type { return 'TXT'; }
sub txtdata { return $_[0]{text}; }
sub char_str_list { return $_[0]{text}; }
package main;

my %records;
my %keys;

sub lookup {
	my ($name) = @_;
	my $text = $records{ lc $name };
	$@ = defined $text ? 'NOERROR' : 'NXDOMAIN';
	return defined $text ? (Peer::TXT->new($text)) : ();
}
*Mail::DKIM::DNS::query = \&lookup;

sub verify {
	my ($message) = @_;
	my $v = Mail::DKIM::Verifier->new;
	$v->PRINT($message);
	$v->CLOSE;
	return map {
		($_->result eq 'pass' ? 'pass' : 'fail',
		    $_->result_detail || '')
	} $v->signatures;
}

sub sign {
	my ($domain, $selector, $algorithm, $canon, $file, $message, @names) =
	    @_;
	$keys{$file} ||= Mail::DKIM::PrivateKey->load(File => $file);
	my $s = Mail::DKIM::Signer->new(
		Policy => sub {
			my ($signer) = @_;
			$signer->add_signature(Mail::DKIM::Signature->new(
				Algorithm => $algorithm, Method => $canon,
				Headers => join(':', @names),
				Domain => $domain, Selector => $selector,
				Key => $keys{$file}));
			return 0;
		});
	$s->PRINT($message);
	$s->CLOSE;
	my $value = $s->signature->as_string;
	$value =~ s/^DKIM-Signature://i;
	return $value;
}

sub arc_verify {
	my ($message) = @_;
	my $v = Mail::DKIM::ARC::Verifier->new;
	$v->PRINT($message);
	$v->CLOSE;
	return ($v->result, $v->result_detail || '');
}

sub arc_seal {
	my ($domain, $selector, $file, $id, $message, @names) = @_;
	my $s = Mail::DKIM::ARC::Signer->new(
		Algorithm => 'rsa-sha256', Chain => 'ar', Domain => $domain,
		Selector => $selector, KeyFile => $file, SrvId => $id,
		Headers => join(':', @names));
	$s->PRINT($message);
	$s->CLOSE;
	die $s->{details} || 'it did not seal' if $s->{result} ne 'sealed';
	return $s->as_strings;
}

while (my ($verb, @args) = request()) {
	my @result;
	my $good = eval {
		if ($verb eq 'record') {
			$records{ lc $args[0] } = $args[1];
		} elsif ($verb eq 'verify') {
			@result = verify(@args);
		} elsif ($verb eq 'sign') {
			@result = sign(@args);
		} elsif ($verb eq 'arc-verify') {
			@result = arc_verify(@args);
		} elsif ($verb eq 'arc-seal') {
			@result = arc_seal(@args);
		} else {
			die "no such request\n";
		}
		1;
	};
	my $why = $good ? 'ok' : "died: $@";
	answer($why, @result);
}
