using CityHub.Core.Problems;
using CityHub.Ledger;

namespace CityHub.Server.Witnessing;

/// <summary>Which logs are meant: verifier keys on the command line, or files with one on each line; a policy file (c2sp.org/tlog-policy) is one, too.</summary>
internal static class LogList
{
    public static Result<IReadOnlyList<VerifierKey>> Read(IReadOnlyList<string> words, Func<string, string> pathOf)
    {
        var keys = new List<VerifierKey>();
        foreach (var word in words)
        {
            if (VerifierKey.TryParse(word, out var key, out var why))
            {
                keys.Add(key);
                continue;
            }

            var file = pathOf(word);
            if (!File.Exists(file))
                return WitnessProblems.LogUnusable.Because($"{word} is neither a file nor a verifier key: {why}", "A log publishes its verifier key: name+8 digits+base64.");
            if (ReadFile(file, keys) is { } problem)
                return problem;
        }

        if (keys.FirstOrDefault(one => one.Type is not (NoteKeyType.Ed25519 or NoteKeyType.Sm2 or NoteKeyType.MlDsa44Cosignature)) is { } wrong)
            return WitnessProblems.LogUnusable.Because($"{wrong.Name} is the key of a witness ({wrong.Type}), not of a log.");
        return keys.DistinctBy(one => one.ToString()).ToArray();
    }

    private static Problem? ReadFile(string file, List<VerifierKey> keys)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return WitnessProblems.LogUnusable.Because($"{file} cannot be read: {e.Message}");
        }

        var lines = System.Text.Encoding.UTF8.GetString(bytes).Split('\n');
        if (lines.Any(line => line.StartsWith("quorum", StringComparison.Ordinal)))
        {
            if (!WitnessPolicy.TryParse(bytes, out var policy, out var wrong))
                return WitnessProblems.LogUnusable.Because($"{file}: {wrong}");
            keys.AddRange(policy.Logs.Select(log => log.Key));
            return null;
        }

        for (var i = 0; i < lines.Length; i++)
        {
            var words = lines[i].Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#'))
                continue;
            if (!VerifierKey.TryParse(words[0] == "log" && words.Length > 1 ? words[1] : words[0], out var key, out var why))
                return WitnessProblems.LogUnusable.Because($"{file} line {i + 1}: {why}", "A line is a verifier key, or \"log\" and a verifier key; # begins a comment.");
            keys.Add(key);
        }

        return null;
    }
}
