#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Perl's readers of address lists as a co-process of the tests;
# test/lib/fields.h has the form of requests and answers.
#
#	xs VALUE		Email::Address::XS: the domain of each mailbox
#	address VALUE		Mail::Address: the same
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Email::Address::XS;
use Fields;
use Mail::Address;

my %hosts = (
	xs => sub { Email::Address::XS->parse($_[0]) },
	address => sub { Mail::Address->parse($_[0]) },
);

local $SIG{__WARN__} = sub { };
while (1) {
	my ($what, $value) = request();
	my @found = eval { $hosts{$what}->($value) };
	answer('ok', grep { defined && length } map { $_->host } @found);
}
