using System.Text.Json;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Merkle;

/// <summary>The 518 cases that the authors of other logs keep (transparency-dev/merkle, testdata): 36 hold, 482 must be refused.</summary>
public sealed class MerkleVectorTests
{
    static readonly HashFunction Hash = HashFunctions.Sha256;

    [Theory]
    [InlineData("inclusion", 98)]
    [InlineData("consistency", 98)]
    [InlineData("subtreeinclusion", 204)]
    [InlineData("subtreeconsistency", 118)]
    public void Every_case_of_other_logs_is_judged_as_they_judge_it(string kind, int cases)
    {
        string folder = Path.Combine(SharedData.Need("ledger/merkle-proofs"), kind);
        int seen = 0;
        var wrong = new List<string>();
        foreach (string file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement one = document.RootElement;
            bool holds = kind switch
            {
                "inclusion" => MerkleTree.VerifyInclusion(
                    Hash, Number(one, "treeSize"), Number(one, "leafIdx"), Bytes(one, "leafHash"), Proof(one), Bytes(one, "root")),
                "consistency" => MerkleTree.VerifyConsistency(
                    Hash, Number(one, "size1"), Bytes(one, "root1"), Number(one, "size2"), Bytes(one, "root2"), Proof(one)),
                "subtreeinclusion" => MerkleTree.VerifySubtreeInclusion(
                    Hash, Number(one, "start"), Number(one, "end"), Number(one, "leafIdx"), Bytes(one, "leafHash"), Proof(one), Bytes(one, "root")),
                _ => MerkleTree.VerifySubtreeConsistency(
                    Hash, Number(one, "start"), Number(one, "end"), Bytes(one, "root1"), Number(one, "size"), Bytes(one, "root2"), Proof(one)),
            };
            if (holds == one.GetProperty("wantErr").GetBoolean())
                wrong.Add(Path.GetRelativePath(folder, file));
            seen++;
        }

        Assert.Empty(wrong);
        Assert.Equal(cases, seen);
    }

    /// <summary>Theirs are unsigned; what does not fit into our sizes is negative here, which is no size.</summary>
    static long Number(JsonElement one, string name) => unchecked((long)one.GetProperty(name).GetUInt64());

    static byte[] Bytes(JsonElement one, string name) => one.GetProperty(name).ValueKind == JsonValueKind.Null ? [] : one.GetProperty(name).GetBytesFromBase64();

    static IReadOnlyList<byte[]> Proof(JsonElement one) =>
        one.GetProperty("proof") is { ValueKind: JsonValueKind.Array } proof ? [.. proof.EnumerateArray().Select(p => p.GetBytesFromBase64())] : [];
}
