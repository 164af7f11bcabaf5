using System.Text;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>One signature of a checkpoint as three files that <c>openssl pkeyutl -verify</c> takes.</summary>
/// <param name="File">The name without its ending.</param>
/// <param name="Signature">As openssl wants it: DER for SM2.</param>
internal sealed record EvidenceSignature(string File, VerifierKey Key, string Pem, byte[] Message, byte[] Signature)
{
    /// <summary>Of the log and the witnesses of the policy that have signed, in the policy's order. The checkpoint was accepted by it.</summary>
    public static IReadOnlyList<EvidenceSignature> All(SignedNote note, WitnessPolicy policy, PolicyVerdict verdict)
    {
        var made = new List<EvidenceSignature>();
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var log in policy.Logs.Where(one => one.Origin == verdict.Checkpoint?.Origin))
            Add("log", log.Key);
        foreach (var cosigned in verdict.Cosignatures)
            Add(cosigned.Witness, policy.Witnesses.First(one => one.Name == cosigned.Witness).Key);
        return made;

        void Add(string name, VerifierKey key)
        {
            if (!note.TryVerify([key], out var good, out _))
                return;
            var signature = good[0].Signature.Bytes.AsSpan(key.Type.IsCosignature() ? 8 : 0);
            if (!NoteMessage.TryMake(key.Type, key.Name, Encoding.UTF8.GetBytes(note.Text), good[0].Time ?? 0, out var message, out var why))
                throw new LedgerException(why);
            made.Add(new EvidenceSignature(
                Free(name), key, PublicKeyPem.Write(key.Key), message, key.Key.Algorithm == SignatureAlgorithm.Sm2 ? Sm2Encoding.ToDer(signature) : signature.ToArray()));
        }

        string Free(string name)
        {
            var plain = string.Concat(name.Take(60).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_')).TrimStart('.', '-');
            plain = plain.Length == 0 ? "witness" : plain;
            var free = plain;
            for (var i = 2; !taken.Add(free); i++)
                free = $"{plain}_{i}";
            return free;
        }
    }

    /// <summary>The line for a reader who wants to check this one by hand.</summary>
    public string Command =>
        $"openssl pkeyutl -verify -pubin -inkey keys/{File}.pem -rawin{(Key.Key.Algorithm == SignatureAlgorithm.Sm2 ? " -digest sm3 -pkeyopt distid:1234567812345678" : "")} -in signatures/{File}.message -sigfile signatures/{File}.sig";
}
