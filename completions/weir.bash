# bash completion for weir; written by tools/manpages from the tool's own help: do not edit.
_weir() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} value= name= words=
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W 'demo drill explain flows ladder live nc relay --help --version' -- "$word"))
        return
    fi
    if [ "$word" = = ]; then name=$before; fi
    if [ "$before" = = ]; then name=${COMP_WORDS[COMP_CWORD - 2]} value=$word; fi
    case $name in
        --ambiguous) COMPREPLY=($(compgen -W '1 2' -- "$value")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$value")); return ;;
        --ecn) COMPREPLY=($(compgen -W 'off on passive accurate accurate-answer accurate-passive' -- "$value")); return ;;
        --ip-version) COMPREPLY=($(compgen -W '4 6 mapped' -- "$value")); return ;;
        --lang) COMPREPLY=($(compgen -W 'en zh' -- "$value")); return ;;
        --sort) COMPREPLY=($(compgen -W 'worst start duration bytes segments retx rtt' -- "$value")); return ;;
    esac
    case ${COMP_WORDS[1]} in
        demo) words='--delay= --internals --isn= --list --write= --ambiguous= --ascii --color= --json --lang= --seq= --style= --verbose --width= --all --compact --frame --from= --grep= --only= --until= --output= --plantuml-slant --scale= --to= --write-pcap= --help' ;;
        drill) words='--define= --ignore-shell --internals --ip-version= --no-ladder --quiet --strict --sysctl= --write= --ambiguous= --ascii --color= --json --lang= --seq= --style= --verbose --width= --all --compact --frame --from= --grep= --only= --until= --help' ;;
        explain) words='--conn= --fail-on= --filter= --top= --ambiguous= --ascii --color= --json --lang= --seq= --style= --verbose --width= --help' ;;
        flows) words='--filter= --sort= --top= --ambiguous= --ascii --color= --json --lang= --seq= --style= --verbose --width= --help' ;;
        ladder) words='--conn= --fail-on= --filter= --merge --ambiguous= --ascii --color= --json --lang= --seq= --style= --verbose --width= --all --compact --frame --from= --grep= --only= --until= --output= --plantuml-slant --scale= --to= --write-pcap= --help' ;;
        live) words='--buffer= --compact --conn= --count= --for= --interface= --only= --promiscuous --rate= --snaplen= --ambiguous= --ascii --color= --json --lang= --seq= --style= --verbose --width= --help' ;;
        nc) words='--addr= --congestion= --dev= --dhcp --ecn= --gateway= --internals --ladder --listen --md5-key= --mtu= --no-dad --no-offload --slaac --timeout= --write= --ambiguous= --ascii --color= --json --lang= --seq= --style= --verbose --width= --corrupt= --data-loss= --delay= --drop= --drop-larger= --duplicate= --duplicate-nth= --jitter= --loss= --mark= --mark-queue= --queue= --rate= --reorder= --reorder-nth= --seed= --stall= --help' ;;
        relay) words='--dev= --for= --log= --no-offload --write= --corrupt= --data-loss= --delay= --drop= --drop-larger= --duplicate= --duplicate-nth= --jitter= --loss= --mark= --mark-queue= --queue= --rate= --reorder= --reorder-nth= --seed= --stall= --help' ;;
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
    else
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}
complete -F _weir weir
