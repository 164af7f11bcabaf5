using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Storage.Ledger;

namespace CityHub.Tests.Ledger.Evidence;

/// <summary>A log of facts in memory with a checkpoint over all of them, four witnesses, and a policy that asks for three.</summary>
internal sealed class EvidenceLog
{
    public const string Origin = "city.example/audit";

    private readonly List<byte[]> leaves = [];
    private readonly List<Fact> facts = [];

    public EvidenceLog(int size, HashFunction? hash = null, int signing = 4, int asked = 3, byte seed = 1, int people = 0)
    {
        Hash = hash ?? HashFunctions.Sha256;
        var gm = Hash == HashFunctions.Sm3;
        var origin = gm ? Origin + "/sm3" : Origin;
        Log = LedgerKeys.Signer(origin, gm ? NoteKeyType.Sm2 : NoteKeyType.Ed25519, seed);
        Witnesses = [.. Enumerable.Range(2, 4).Select(i => LedgerKeys.Signer($"dept{i}.example/witness", gm ? NoteKeyType.Sm2Cosignature : NoteKeyType.Ed25519Cosignature, (byte)(seed + i)))];
        PolicyText = $"# whom we trust\nlog {Log.Verifier}\n" + string.Concat(Witnesses.Select((one, i) => $"witness d{i} {one.Verifier}\n")) + $"group depts {asked} d0 d1 d2 d3\nquorum depts\n";
        Policy = WitnessPolicy.Parse(PolicyText);
        var writer = new FactLeaf(HashFunctions.Sha256, HashFunctions.Sm3);
        for (var i = 0; i < size; i++)
        {
            var salt = new byte[32];
            new Random(i).NextBytes(salt);
            var payload = Encoding.UTF8.GetBytes($"{{\"office\":\"Water\",\"number\":{i},\"note\":\"查询水费\"}}");
            if (people > 0)
                payload = Encoding.UTF8.GetBytes($"{{\"subjects\":[{string.Join(',', Enumerable.Range(0, people).Select(n => $"\"{Convert.ToHexStringLower(SHA256.HashData([(byte)i, (byte)n, (byte)(n >> 8)]))}\""))}]}}");
            var fact = new Fact(i + 1, people > 0 ? "acts" : $"act/{i % 3}", (i / 3) + 1, "DataAccessed", LedgerKeys.Start.AddSeconds(i - size), payload) { Salt = salt };
            facts.Add(fact);
            leaves.Add(writer.Write(fact));
        }

        Note = SignedNote.Sign(new Checkpoint(origin, size, Root(0, size)).Body, [Log, .. Witnesses[..signing]]);
    }

    public HashFunction Hash { get; }

    public NoteSigner Log { get; }

    public NoteSigner[] Witnesses { get; }

    public string PolicyText { get; }

    public WitnessPolicy Policy { get; }

    public SignedNote Note { get; }

    public byte[] Leaf(int index) => leaves[index];

    public byte[] Salt(int index) => facts[index].Salt.ToArray();

    public byte[] Payload(int index) => facts[index].Payload.ToArray();

    public byte[] Opening(int index) => [.. facts[index].Salt.Span, .. facts[index].Payload.Span];

    public LogProof Proof(int index) => new(Hash, null, index, Path(index, 0, leaves.Count), Note);

    public byte[] Receipt(int index) => CityHub.Ledger.Receipt.Write(Proof(index), leaves[index]);

    // RFC 6962, 2.1, word for word.
    private byte[] Root(int from, int to)
    {
        if (to - from == 1)
            return MerkleTree.LeafHash(Hash, leaves[from]);
        var middle = from + Split(to - from);
        var into = new byte[32];
        MerkleTree.NodeHash(Hash, Root(from, middle), Root(middle, to), into);
        return into;
    }

    private List<byte[]> Path(int index, int from, int to)
    {
        if (to - from == 1)
            return [];
        var middle = from + Split(to - from);
        var (path, other) = index < middle ? (Path(index, from, middle), Root(middle, to)) : (Path(index, middle, to), Root(from, middle));
        path.Add(other);
        return path;
    }

    private static int Split(int count)
    {
        var k = 1;
        while (k * 2 < count)
            k *= 2;
        return k;
    }
}
