# A server that starts a helper in a session of its own, and does not listen. It writes three words into FILE: its process id,
# that of its helper, and its scratch directory.
#
#     sh escapes.sh FILE

setsid --fork sh -c 'echo $$ > "$0.helper.new"; mv "$0.helper.new" "$0.helper"; exec sleep 600' "$1"
until [ -e "$1.helper" ]; do
    sleep 0.01
done
echo "$$ $(cat "$1.helper") $TMPDIR" > "$1.new"
mv "$1.new" "$1"
exec sleep 600
