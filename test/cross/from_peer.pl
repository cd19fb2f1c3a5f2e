#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Perl's readers of address lists as a co-process of the tests;
# test/lib/fields.h has the form of requests and answers.
#
#	xs VALUE		Email::Address::XS: the domain of each mailbox
#	address VALUE		Mail::Address: the same
use strict;
use warnings;
use Email::Address::XS;
use Mail::Address;

sub number {
	my $line = <STDIN>;
	exit 0 unless defined $line;
	return 0 + $line;
}

sub request {
	return map {
		my $n = number();
		my $data = '';
		read(STDIN, $data, $n) == $n or exit 1;
		$data;
	} 1 .. number();
}

sub answer {
	print scalar(@_), "\n", map { (length($_), "\n", $_) } @_;
}

my %hosts = (
	xs => sub { Email::Address::XS->parse($_[0]) },
	address => sub { Mail::Address->parse($_[0]) },
);

local $SIG{__WARN__} = sub { };
$| = 1;
binmode STDIN;
binmode STDOUT;
while (1) {
	my ($what, $value) = request();
	my @found = eval { $hosts{$what}->($value) };
	answer('ok', grep { defined && length } map { $_->host } @found);
}
