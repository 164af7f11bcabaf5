using System.Text;
using CityHub.Core.Ports;
using CityHub.Ledger;
using CityHub.Tests.Flows;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Ledger;

/// <summary>Crypto-shredding in a whole hub: nothing is left of the field, and nothing of the proofs is lost.</summary>
public sealed class ShreddingTests
{
    private const string Person = "310105198806062341";
    private const string Field = "tuberculosis-ward-7-bed-19";

    [Fact]
    public async Task A_forgotten_persons_field_is_in_no_file_and_every_receipt_stays_good()
    {
        using var folder = new TestFolder();
        await using var hub = await HubUnderTest.StartAsync(c => c with { Data = folder.File("data") });
        var acts = hub.Hub.Store.Acts;
        var positions = new List<long>();
        for (var i = 0; i < 300; i++)
        {
            var subjects = new[] { new ActSubject(Person, Bytes($$"""{"field":"{{Field}}"}""")), new ActSubject($"other-{i}", Bytes("""{"field":"income"}""")) };
            positions.Add((await acts.RecordAsync(new Act("DataAccessed", Bytes("""{"office":"health"}""")) { Subjects = subjects }, TestContext.Current.CancellationToken)).Value.Position);
        }

        var before = (await hub.GetAsync($"/ledger/receipts/{positions[7]}")).Text;
        Assert.Equal(300, acts.Of(Person).Count());

        Assert.True((await acts.ForgetAsync(Person, TestContext.Current.CancellationToken)).Value);

        Assert.Empty(acts.Of(Person));
        Assert.Single(acts.Of("other-7"));
        var policy = WitnessPolicy.Parse((await hub.GetAsync("/ledger/policy")).Text);
        foreach (var text in new[] { before, (await hub.GetAsync($"/ledger/receipts/{positions[7]}")).Text, (await hub.GetAsync($"/ledger/receipts/{positions[^1]}")).Text })
        {
            var receipt = LogProof.Parse(Encoding.UTF8.GetBytes(text));
            Assert.True(receipt.VerifyEntry(receipt.Extra ?? [], policy).Accepted);
        }

        AssertNowhere(folder.Path);
        await hub.Hub.StopAsync();
        AssertNowhere(folder.Path);
    }

    /// <summary>Log, write-ahead log, snapshots, views, bundles, keys: as text, and as the base64 that a payload could hide it in.</summary>
    private static void AssertNowhere(string folder)
    {
        var forms = new List<byte[]>();
        foreach (var secret in new[] { Field, Person })
        {
            forms.Add(Encoding.UTF8.GetBytes(secret));
            forms.Add(Encoding.Unicode.GetBytes(secret));
            forms.Add(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret))));
            for (var shift = 0; shift < 3; shift++)
                forms.Add(Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('x', shift) + secret))[4..^8]));
        }

        var files = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file) is "hub.lock" or "lock")
                continue; // held, and they hold nothing
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var memory = new MemoryStream();
            stream.CopyTo(memory);
            files++;
            var bytes = memory.GetBuffer().AsSpan(0, (int)memory.Length);
            foreach (var form in forms)
                Assert.True(bytes.IndexOf(form) < 0, $"{file} holds what was to be forgotten.");
        }

        Assert.True(files > 10);
    }

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
