using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Server.Pages;
using CityHub.Tests.Crypto;
using CityHub.Tests.Ledger.Evidence;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Playwright;

namespace CityHub.Tests.Browser;

/// <summary>The page's script and the C# are two implementations of the same rules: what one accepts the other accepts.</summary>
public sealed class VerifyPageAgreementTests(BrowserUnderTest browser) : IClassFixture<BrowserUnderTest>, IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private async Task<PageUnderTest> OpenAsync()
    {
        var file = _folder.File("verify.html");
        await File.WriteAllBytesAsync(file, VerifyPage.Write(Resource.Folder("assets/")).File.Bytes, TestContext.Current.CancellationToken);
        var opened = await browser.OpenAsync(new Uri("file://" + file), "en", 1280);
        await opened.Page.GotoAsync("file://" + file);
        await opened.Page.EvaluateAsync("() => { globalThis.fromHex = text => Uint8Array.from(text.match(/../g) ?? [], two => parseInt(two, 16)); }");
        return opened;
    }

    private static Task<bool[]> VerifyAsync(IPage page, IEnumerable<(byte[] Key, byte[] Message, byte[] Signature)> all) =>
        page.EvaluateAsync<bool[]>(
            "all => all.map(([key, message, signature]) => ed25519(fromHex(key), fromHex(message), fromHex(signature)))",
            all.Select(one => new[] { Convert.ToHexStringLower(one.Key), Convert.ToHexStringLower(one.Message), Convert.ToHexStringLower(one.Signature) }).ToArray());

    [Fact]
    public async Task Of_914_edge_cases_of_Ed25519_the_page_accepts_what_the_hub_accepts()
    {
        var vectors = Ed25519Tests.Vectors();
        Assert.Equal(914, vectors.Count);
        await using var opened = await OpenAsync();
        var there = await VerifyAsync(opened.Page, vectors.Select(one => (one.Key, one.Message, one.Signature)));
        for (var i = 0; i < vectors.Count; i++)
        {
            var one = vectors[i];
            var here = VerificationKeys.TryParse(SignatureAlgorithm.Ed25519, one.Key, out var key, out _) && key.Verify(one.Message, one.Signature);
            Assert.True(here == there[i], $"vector {one.Number}: C# {here}, page {there[i]}");
        }

        Assert.Equal(1, there.Count(accepted => accepted));
    }

    [Fact]
    public async Task The_examples_of_RFC_8032_and_the_signatures_of_random_keys_are_good_and_one_bit_off_they_are_not()
    {
        var random = new Random(8032);
        var all = new List<(byte[] Key, byte[] Message, byte[] Signature)>();
        foreach (var row in Ed25519Tests.Rfc8032)
            all.Add((Convert.FromHexString(row.Data.Item2), Convert.FromHexString(row.Data.Item3), Convert.FromHexString(row.Data.Item4)));
        for (var i = 0; i < 40; i++)
        {
            var (seed, message) = (new byte[32], new byte[random.Next(300)]);
            random.NextBytes(seed);
            random.NextBytes(message);
            using var key = SigningKeys.FromSecret(SignatureAlgorithm.Ed25519, seed);
            all.Add((key.Public.Bytes.ToArray(), message, key.Sign(message)));
        }

        await using var opened = await OpenAsync();
        Assert.All(await VerifyAsync(opened.Page, all), Assert.True);
        foreach (var (_, _, signature) in all)
            signature[random.Next(64)] ^= (byte)(1 << random.Next(8));
        Assert.All(await VerifyAsync(opened.Page, all), Assert.False);
    }

    [Fact]
    public async Task Hashes_of_every_length_around_a_block_are_those_of_the_platform()
    {
        await using var opened = await OpenAsync();
        var messages = Enumerable.Range(0, 300).Select(length => Enumerable.Range(0, length).Select(i => (byte)(i * 7)).ToArray()).ToArray();
        var there = await opened.Page.EvaluateAsync<string[]>("all => all.map(one => hex(sha256(fromHex(one))) + hex(sha512(fromHex(one))))", messages.Select(Convert.ToHexStringLower).ToArray());
        Assert.Equal(
            messages.Select(one => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(one)) + Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(one))), there);
    }

    [Fact]
    public async Task Inclusion_is_checked_alike_for_every_entry_of_small_trees_and_every_wrong_number_and_size()
    {
        await using var opened = await OpenAsync();
        var questions = new List<object[]>();
        var answers = new List<bool>();
        for (var size = 1; size <= 17; size++)
        {
            var log = new EvidenceLog(size, signing: 0);
            var head = Checkpoint.Parse(log.Note.Text);
            for (var index = 0; index < size; index++)
            {
                var proof = log.Proof(index);
                var leaf = MerkleTree.LeafHash(HashFunctions.Sha256, log.Leaf(index));
                foreach (var (claimedSize, claimed) in new[] { (size, index), (size, index + 1), (size + 1, index), (size - 1, index), (size, index ^ 1), (2 * size, index) })
                {
                    questions.Add([$"{claimedSize}", $"{claimed}", Convert.ToHexStringLower(leaf), proof.Hashes.Select(Convert.ToHexStringLower).ToArray(), Convert.ToHexStringLower(head.Root)]);
                    answers.Add(MerkleTree.VerifyInclusion(HashFunctions.Sha256, claimedSize, claimed, leaf, proof.Hashes, head.Root));
                }
            }
        }

        var there = await opened.Page.EvaluateAsync<bool[]>("all => all.map(([size, index, leaf, hashes, root]) => included(sha256, BigInt(size), BigInt(index), fromHex(leaf), hashes.map(fromHex), fromHex(root)))", questions.ToArray());
        Assert.Equal(answers, there);
    }

    /// <summary>Bytes of receipt and policy are changed, doubled, dropped, lines exchanged; both say yes or no, and never anything else.</summary>
    [Fact]
    public async Task Two_hundred_damaged_receipts_and_policies_are_judged_alike()
    {
        var random = new Random(2026);
        var log = new EvidenceLog(7);
        var (receipt, policy) = (log.Receipt(3), Encoding.UTF8.GetBytes(log.PolicyText));
        var pairs = new List<(byte[] Receipt, byte[] Policy)>();
        for (var i = 0; i < 200; i++)
            pairs.Add(i % 2 == 0 ? (Damage(receipt, random), policy) : (receipt, Damage(policy, random)));

        await using var opened = await OpenAsync();
        var there = await opened.Page.EvaluateAsync<string[]>(
            """
            all => all.map(([receipt, policy]) => {
              try {
                verify(fromHex(receipt), fromHex(policy));
                return 'yes';
              } catch (e) {
                return e instanceof Refusal ? 'no: ' + e.why[0] : 'failed: ' + e.stack;
              }
            })
            """,
            pairs.Select(one => new[] { Convert.ToHexStringLower(one.Receipt), Convert.ToHexStringLower(one.Policy) }).ToArray());
        var accepted = 0;
        for (var i = 0; i < pairs.Count; i++)
        {
            var here = WitnessPolicy.TryParse(pairs[i].Policy, out var trusted, out var why);
            if (here && trusted is not null && (here = Receipt.TryRead(pairs[i].Receipt, null, out var read, out why)) && read is not null)
                (here, why) = read.Verify(trusted) is { } verdict ? (verdict.Accepted, verdict.Why) : (false, "no verdict");
            accepted += here ? 1 : 0;
            Assert.True(there[i].StartsWith(here ? "yes" : "no: ", StringComparison.Ordinal), $"pair {i}: C# {here} ({why}), page {there[i]}");
        }

        Assert.InRange(accepted, 5, 150);
    }

    [Fact]
    public async Task SM3_and_SM2_are_those_of_the_hub()
    {
        var random = new Random(32918);
        var messages = Enumerable.Range(0, 200).Select(length => Enumerable.Range(0, length).Select(i => (byte)(i * 5)).ToArray()).ToArray();
        await using var opened = await OpenAsync();
        Assert.Equal(
            messages.Select(one => Convert.ToHexStringLower(HashFunctions.Sm3.Hash(one))),
            await opened.Page.EvaluateAsync<string[]>("all => all.map(one => hex(sm3(fromHex(one))))", messages.Select(Convert.ToHexStringLower).ToArray()));

        // GB/T 32905, annex A.
        Assert.Equal("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", await opened.Page.EvaluateAsync<string>("hex(sm3(utf8('abc')))"));

        var order = new System.Numerics.BigInteger(Convert.FromHexString("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"), isUnsigned: true, isBigEndian: true);
        var asked = new List<(byte[] Key, byte[] Message, byte[] Signature)>();
        for (var i = 0; i < 24; i++)
        {
            var seed = new byte[32];
            random.NextBytes(seed);
            using var key = SigningKeys.FromSecret(SignatureAlgorithm.Sm2, [0, .. seed[1..]]);
            var (bytes, signature) = (key.Public.Bytes.ToArray(), key.Sign(messages[i]));
            asked.Add((bytes, messages[i], signature));
            asked.Add((bytes, messages[i + 1], signature));
            asked.Add((bytes, messages[i], [.. signature[..32], .. new byte[32]]));
            asked.Add((bytes, messages[i], [.. new byte[32], .. signature[32..]]));
            asked.Add((bytes, messages[i], [.. signature, 0]));

            // r + s = n, and s + n where it fits.
            var r = new System.Numerics.BigInteger(signature.AsSpan(0, 32), isUnsigned: true, isBigEndian: true);
            asked.Add((bytes, messages[i], [.. signature[..32], .. Big(order - r)]));
            asked.Add((bytes, messages[i], [.. signature[..32], .. Big(order)]));
            var changed = signature.ToArray();
            changed[random.Next(64)] ^= (byte)(1 << random.Next(8));
            asked.Add((bytes, messages[i], changed));
            var off = bytes.ToArray();
            off[40] ^= 1;
            asked.Add((off, messages[i], signature));
        }

        var there = await opened.Page.EvaluateAsync<bool[]>(
            "all => all.map(([key, message, signature]) => sm2.check(fromHex(key), fromHex(message), fromHex(signature)))",
            asked.Select(one => new[] { Convert.ToHexStringLower(one.Key), Convert.ToHexStringLower(one.Message), Convert.ToHexStringLower(one.Signature) }).ToArray());
        Assert.Equal(asked.Select(one => VerificationKeys.TryParse(SignatureAlgorithm.Sm2, one.Key, out var key, out _) && key.Verify(one.Message, one.Signature)), there);
        Assert.Equal(24, there.Count(accepted => accepted));

        static byte[] Big(System.Numerics.BigInteger number)
        {
            var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
            return [.. new byte[32 - bytes.Length], .. bytes];
        }
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        var all = bytes.ToList();
        var lines = Encoding.UTF8.GetString(bytes).Split('\n');
        var (a, b, at) = (random.Next(lines.Length), random.Next(lines.Length), random.Next(all.Count));
        switch (random.Next(6))
        {
            case 0:
                all[at] ^= (byte)(1 << random.Next(8));
                return [.. all];
            case 1:
                all.RemoveAt(at);
                return [.. all];
            case 2:
                all.Insert(at, " \n\t+0=#a\r"u8[random.Next(9)]);
                return [.. all];
            case 3:
                (lines[a], lines[b]) = (lines[b], lines[a]);
                break;
            case 4:
                lines[a] = lines[b];
                break;
            default:
                lines = [.. lines[..a], .. lines[(a + 1)..]];
                break;
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }
}
