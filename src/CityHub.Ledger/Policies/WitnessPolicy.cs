using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CityHub.Ledger;

/// <summary>A log that is trusted to be the one that its origin says.</summary>
public sealed record PolicyLog(VerifierKey Key, string? Url)
{
    public string Origin => Key.Name;
}

/// <summary>A witness under the name that it has in this policy.</summary>
public sealed record PolicyWitness(string Name, VerifierKey Key, string? Url);

/// <summary>At least <paramref name="Needed"/> of the members, each a witness or a group.</summary>
public sealed record PolicyGroup(string Name, int Needed, IReadOnlyList<string> Members);

/// <summary>
/// Which logs and witnesses are known, and how many of whom have to have seen a checkpoint (c2sp.org/tlog-policy).
/// Names are octets to the specification; text that is not UTF-8 is told apart rightly and shown with one letter for each octet.
/// </summary>
public sealed class WitnessPolicy
{
    /// <summary>The quorum that asks for no cosignature.</summary>
    public const string None = "none";

    private readonly Dictionary<string, PolicyWitness> witnesses;
    private readonly Dictionary<string, PolicyGroup> groups;

    internal WitnessPolicy(IReadOnlyList<PolicyLog> logs, IReadOnlyList<PolicyWitness> witnesses, IReadOnlyList<PolicyGroup> groups, string quorum)
    {
        Logs = logs;
        Witnesses = witnesses;
        Groups = groups;
        Quorum = quorum;
        this.witnesses = witnesses.ToDictionary(one => one.Name, StringComparer.Ordinal);
        this.groups = groups.ToDictionary(one => one.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<PolicyLog> Logs { get; }

    public IReadOnlyList<PolicyWitness> Witnesses { get; }

    public IReadOnlyList<PolicyGroup> Groups { get; }

    /// <summary>A witness, a group, or <see cref="None"/>.</summary>
    public string Quorum { get; }

    /// <param name="why">The first thing that is wrong, with the number of its line.</param>
    public static bool TryParse(ReadOnlySpan<byte> file, [NotNullWhen(true)] out WitnessPolicy? policy, [NotNullWhen(false)] out string? why) =>
        new PolicyReader().TryRead(file, out policy, out why);

    /// <exception cref="FormatException">The file is not a policy; the message names line and reason.</exception>
    public static WitnessPolicy Parse(ReadOnlySpan<byte> file) => TryParse(file, out var policy, out var why) ? policy : throw new FormatException(why);

    public static WitnessPolicy Parse(string file) => Parse(Encoding.UTF8.GetBytes(file));

    /// <summary>Whether these witnesses are enough.</summary>
    /// <param name="signed">Names of witnesses in this policy whose cosignatures were verified.</param>
    public bool IsMet(IReadOnlySet<string> signed) => IsMet(Quorum, signed);

    /// <summary>
    /// Whether a checkpoint may be relied on: it is one, a log of this policy with its origin has signed it, and the quorum has.
    /// The verdict says who did, and in a sentence what is missing.
    /// </summary>
    public PolicyVerdict Evaluate(SignedNote note)
    {
        if (!Checkpoint.TryParse(note.Text, out var checkpoint, out var why))
            return PolicyVerdict.Refused(why);
        var trusted = Logs.Where(log => string.Equals(log.Origin, checkpoint.Origin, StringComparison.Ordinal)).ToArray();
        if (trusted.Length == 0)
            return PolicyVerdict.Refused($"The policy knows no log with the origin {NoteText.Shown(checkpoint.Origin)}.");
        if (!note.TryVerify(trusted.Select(log => log.Key), out var byLog, out why))
            return PolicyVerdict.Refused(why);
        var hash = byLog[0].Key.Hash;

        // A witness of the other suite has signed other bytes in another tree; its word does not count here.
        var known = Witnesses.Where(witness => witness.Key.Hash == hash).ToArray();
        var cosigned = new List<PolicyCosignature>();
        if (note.TryVerify(known.Select(witness => witness.Key), out var byWitness, out why))
        {
            foreach (var witness in known)
            {
                if (byWitness.FirstOrDefault(one => one.Key == witness.Key) is { Time: { } time })
                    cosigned.Add(new PolicyCosignature(witness.Name, time));
            }
        }
        else if (note.Signatures.Any(signature => known.Any(witness => witness.Key.Made(signature))))
        {
            return PolicyVerdict.Refused(why);
        }

        var signed = cosigned.Select(one => one.Witness).ToHashSet(StringComparer.Ordinal);
        return IsMet(signed)
            ? new PolicyVerdict(true, null, checkpoint, byLog[0].Key, cosigned)
            : new PolicyVerdict(false, $"The quorum is not met: {Missing(Quorum, signed)}.", checkpoint, byLog[0].Key, cosigned);
    }

    private bool IsMet(string name, IReadOnlySet<string> signed) =>
        string.Equals(name, None, StringComparison.Ordinal)
        || (groups.TryGetValue(name, out var group) ? group.Members.Count(member => IsMet(member, signed)) >= group.Needed : witnesses.ContainsKey(name) && signed.Contains(name));

    private string Missing(string name, IReadOnlySet<string> signed)
    {
        if (!groups.TryGetValue(name, out var group))
            return $"{name} has not cosigned";
        var there = group.Members.Count(member => IsMet(member, signed));
        return $"{name} has {there} of the {group.Needed} that it needs ("
            + string.Join("; ", group.Members.Where(member => !IsMet(member, signed)).Select(member => Missing(member, signed))) + ")";
    }
}

/// <summary>A witness of the policy and when it says it saw the checkpoint, in seconds since 1970.</summary>
public sealed record PolicyCosignature(string Witness, long Time);

/// <param name="Why">In a sentence, where it is not accepted.</param>
/// <param name="Checkpoint">Where a log of the policy has signed it, also when the quorum is not met.</param>
public sealed record PolicyVerdict(bool Accepted, string? Why, Checkpoint? Checkpoint, VerifierKey? Log, IReadOnlyList<PolicyCosignature> Cosignatures)
{
    internal static PolicyVerdict Refused(string why) => new(false, why, null, null, []);
}
