#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Perl's readers of Authentication-Results as a co-process of the tests;
# test/lib/fields.h has the form of requests and answers.
#
#	module VALUE		Mail::AuthenticationResults: METHOD, RESULT and
#				TYPE.PROPERTY=VALUE ... of each result
#	spam VALUE		SpamAssassin's plugin AuthRes: the same
# Each result is one string, its parts divided by LF. An error is "error".
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fields;
use Mail::AuthenticationResults::Parser;
use Mail::SpamAssassin::Plugin::AuthRes;

sub by_module {
	my $header = Mail::AuthenticationResults::Parser->new()->parse($_[0]);
	my @found;
	for my $entry (@{ $header->children() }) {
		my @parts = ($entry->key(), $entry->value());
		for my $sub (@{ $entry->children() }) {
			next unless ref($sub) =~ /SubEntry\z/ &&
			    $sub->key() ne 'reason';
			push @parts, $sub->key() . '=' . $sub->value();
		}
		push @found, join "\n", @parts;
	}
	return @found;
}

sub by_spamassassin {
	my $pms = { conf => { authres_trusted_authserv => {},
	    authres_ignored_authserv => {} } };
	my $self = bless {}, 'Mail::SpamAssassin::Plugin::AuthRes';
	$self->parse_authres($pms, 'Authentication-Results', $_[0]);
	my @found;
	my $all = $pms->{authres_parsed} || {};
	for my $method (sort keys %$all) {
		for my $r (@{ $all->{$method} }) {
			my @parts = ($method, $r->{result});
			my $types = $r->{properties};
			for my $type (sort keys %$types) {
				push @parts, map { "$type.$_=$types->{$type}{$_}" }
				    sort keys %{ $types->{$type} };
			}
			push @found, join "\n", @parts;
		}
	}
	return @found;
}

my %readers = (module => \&by_module, spam => \&by_spamassassin);

local $SIG{__WARN__} = sub { };
while (1) {
	my ($what, $value) = request();
	my @found = eval { $readers{$what}->($value) };
	if (my $why = $@) {
		answer('error', "$why");
	} else {
		answer('ok', @found);
	}
}
