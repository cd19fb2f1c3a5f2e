# SPDX-License-Identifier: BSD-2-Clause
# bash completion for mailseal; the options come from its own --help.
_mailseal()
{
	local cur prev words cword
	_init_completion || return
	if [ "$cword" -eq 1 ]; then
		COMPREPLY=($(compgen -W \
		    "verify sign seal spf dmarc check authres try explain import report setup --help --version" -- "$cur"))
		return
	fi
	if [ "${words[1]}" = report ]; then
		if [ "$cword" -eq 2 ]; then
			COMPREPLY=($(compgen -W \
			    "read send list show suppress bounce --help" -- "$cur"))
		elif [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W \
			    "$(_parse_help "$1" "report ${words[2]} --help")" \
			    -- "$cur"))
		else
			_filedir
		fi
		return
	fi
	case $prev in
	--mta)
		COMPREPLY=($(compgen -W "postfix sendmail none" -- "$cur"))
		return
		;;
	--policy)
		COMPREPLY=($(compgen -W "none quarantine reject" -- "$cur"))
		return
		;;
	--publish)
		COMPREPLY=($(compgen -W "print nsupdate" -- "$cur"))
		_filedir
		return
		;;
	-a | --algorithm)
		if [ "${words[1]}" = sign ]; then
			COMPREPLY=($(compgen -W \
			    "auto rsa-sha256 ed25519-sha256" -- "$cur"))
			return
		fi
		;;
	-O | --org-domain)
		if [ "${words[1]}" != sign ]; then
			COMPREPLY=($(compgen -W "treewalk psl" -- "$cur"))
			return
		fi
		;;
	--cv)
		COMPREPLY=($(compgen -W "auto none pass fail" -- "$cur"))
		return
		;;
	-F | --format)
		COMPREPLY=($(compgen -W \
		    "text json nagios prometheus zone form" -- "$cur"))
		return
		;;
	--fail-on)
		COMPREPLY=($(compgen -W "error warn never" -- "$cur"))
		return
		;;
	-c | --canonicalization)
		if [ "${words[1]}" = explain ] || [ "${words[1]}" = setup ]; then
			_filedir
			return
		fi
		COMPREPLY=($(compgen -W "relaxed/relaxed relaxed/simple
		    simple/relaxed simple/simple" -- "$cur"))
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W \
		    "$(_parse_help "$1" "${words[1]} --help")" -- "$cur"))
		return
	fi
	_filedir
} &&
	complete -F _mailseal mailseal
