using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace CityHub.Ledger;

/// <summary>Reads one policy file, line by line, and stops at the first thing that is wrong.</summary>
internal sealed class PolicyReader
{
    private readonly List<PolicyLog> logs = [];
    private readonly List<PolicyWitness> witnesses = [];
    private readonly List<PolicyGroup> groups = [];

    /// <summary>Name as octets → name as shown.</summary>
    private readonly Dictionary<string, string> defined = new(StringComparer.Ordinal);
    private readonly HashSet<string> inGroup = new(StringComparer.Ordinal);
    private string? quorum;

    public bool TryRead(ReadOnlySpan<byte> file, [NotNullWhen(true)] out WitnessPolicy? policy, [NotNullWhen(false)] out string? why)
    {
        policy = null;
        var number = 0;
        while (!file.IsEmpty)
        {
            number++;
            var end = file.IndexOf((byte)'\n');
            if (end < 0)
            {
                why = At(number, "the line has no newline at its end; was the file cut?");
                return false;
            }

            if (Line(file[..end]) is { } wrong)
            {
                why = At(number, wrong);
                return false;
            }

            file = file[(end + 1)..];
        }

        if (quorum is null)
        {
            why = At(number + 1, "the file ends without a quorum line; \"quorum none\" asks for no cosignature.");
            return false;
        }

        policy = new WitnessPolicy(logs, witnesses, groups, quorum);
        why = null;
        return true;
    }

    private static string At(int line, string what) => string.Create(CultureInfo.InvariantCulture, $"Line {line} of the policy: {what}");

    /// <returns>What is wrong, or null.</returns>
    private string? Line(ReadOnlySpan<byte> line)
    {
        foreach (var b in line)
        {
            if (b is < 0x20 and not (byte)'\t' or 0x7f)
                return string.Create(CultureInfo.InvariantCulture, $"the octet 0x{(int)b:X2} is not allowed; of the control characters only tab and newline are.");
        }

        // One letter for each octet, so that names stay what they are whatever their encoding.
        var words = Encoding.Latin1.GetString(line).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || words[0][0] == '#')
            return null;
        return words[0] switch
        {
            "log" => Log(words),
            "witness" => Witness(words),
            "group" => Group(words),
            "quorum" => Define(words),
            _ => $"{NoteText.Shown(Shown(words[0]))} is none of log, witness, group and quorum.",
        };
    }

    private string? Log(string[] words)
    {
        if (words.Length is not (2 or 3))
            return "a log line is: log VKEY [URL].";
        if (!VerifierKey.TryParse(Shown(words[1]), out var key, out var why))
            return why;
        if (logs.Find(one => Same(one.Key, key)) is { } twin)
            return $"the log {NoteText.Shown(twin.Origin)} has the same public key; each key stands here once.";
        if (logs.Find(one => string.Equals(one.Origin, key.Name, StringComparison.Ordinal) && one.Key.Hash != key.Hash) is not null)
            return $"the log {NoteText.Shown(key.Name)} has a key of another suite already; a tree has one hash function.";
        logs.Add(new PolicyLog(key, words.Length == 3 ? Shown(words[2]) : null));
        return null;
    }

    private string? Witness(string[] words)
    {
        if (words.Length is not (3 or 4))
            return "a witness line is: witness NAME VKEY [URL].";
        if (!VerifierKey.TryParse(Shown(words[2]), out var key, out var why))
            return why;
        if (!key.Type.IsCosignature())
            return $"the key of {NoteText.Shown(Shown(words[1]))} signs as {key.Type}; a witness makes cosignatures, which carry a time.";
        if (witnesses.Find(one => Same(one.Key, key)) is { } twin)
            return $"the witness {NoteText.Shown(twin.Name)} has the same public key; a witness counts once.";
        if (Add(words[1]) is { } wrong)
            return wrong;
        witnesses.Add(new PolicyWitness(defined[words[1]], key, words.Length == 4 ? Shown(words[3]) : null));
        return null;
    }

    private string? Group(string[] words)
    {
        if (words.Length < 4)
            return "a group line is: group NAME all|any|K MEMBER…";
        var members = words[3..];
        foreach (var member in members)
        {
            if (!defined.ContainsKey(member))
                return $"{NoteText.Shown(Shown(member))} is not defined above this line.";
            if (!inGroup.Add(member))
                return $"{NoteText.Shown(Shown(member))} is a member of a group already; nobody counts twice.";
        }

        long needed = 1;
        if (words[2] == "all")
            needed = members.Length;
        else if (words[2] != "any" && (!NoteText.TryNumber(words[2], out needed) || needed < 1 || needed > members.Length))
            return $"{NoteText.Shown(Shown(words[2]))} is none of all, any, and a number from 1 to {members.Length}.";
        if (Add(words[1]) is { } wrong)
            return wrong;
        groups.Add(new PolicyGroup(defined[words[1]], (int)needed, [.. members.Select(member => defined[member])]));
        return null;
    }

    private string? Define(string[] words)
    {
        if (words.Length != 2)
            return "a quorum line is: quorum NAME.";
        if (quorum is not null)
            return "there is a quorum line above; a policy has one.";
        if (words[1] != WitnessPolicy.None && !defined.ContainsKey(words[1]))
            return $"{NoteText.Shown(Shown(words[1]))} is not defined above this line.";
        quorum = words[1] == WitnessPolicy.None ? WitnessPolicy.None : defined[words[1]];
        return null;
    }

    private string? Add(string name)
    {
        if (name == WitnessPolicy.None)
            return "the name none is taken: it is the quorum that asks for nobody.";
        if (defined.ContainsKey(name))
            return $"the name {NoteText.Shown(Shown(name))} is taken above.";
        var shown = Shown(name);

        // Octets that are not UTF-8 could be shown as another name is; a reader of messages has to know who is meant.
        if (defined.ContainsValue(shown))
            return $"the name {NoteText.Shown(shown)} cannot be told from another one when it is shown.";
        defined.Add(name, shown);
        return null;
    }

    private static string Shown(string octets)
    {
        var bytes = Encoding.Latin1.GetBytes(octets);
        return System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : octets;
    }

    private static bool Same(VerifierKey a, VerifierKey b) => a.Key.Algorithm == b.Key.Algorithm && a.Key.Bytes.Span.SequenceEqual(b.Key.Bytes.Span);
}
