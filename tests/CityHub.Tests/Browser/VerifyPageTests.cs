using System.Text;
using CityHub.Ledger;
using CityHub.Server.Pages;
using CityHub.Tests.Ledger.Evidence;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Playwright;

namespace CityHub.Tests.Browser;

/// <summary>The page that checks receipts, as it is used: saved to a disk, without a network.</summary>
public sealed class VerifyPageTests(BrowserUnderTest browser) : IClassFixture<BrowserUnderTest>, IDisposable
{
    private const int Index = 5;
    private static readonly EvidenceLog Log = new(11);
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private async Task<PageUnderTest> OpenAsync(string language = "en", int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        var file = _folder.File("verify.html");
        await File.WriteAllBytesAsync(file, VerifyPage.Write(Resource.Folder("assets/")).File.Bytes, TestContext.Current.CancellationToken);
        var opened = await browser.OpenAsync(new Uri("file://" + file), language, width, scheme);
        await opened.Page.GotoAsync("file://" + file);
        return opened;
    }

    private static async Task GiveAsync(PageUnderTest opened, byte[] receipt, string policy)
    {
        await opened.Page.SetInputFilesAsync("#receipt-file", new FilePayload { Name = "6.tlog-proof", MimeType = "text/plain", Buffer = receipt });
        await opened.Page.SetInputFilesAsync("#policy-file", new FilePayload { Name = "city.policy", MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(policy) });
    }

    private static async Task<string> ResultAsync(PageUnderTest opened)
    {
        await opened.Page.Locator("#result:not([data-state=waiting])").WaitForAsync();
        return await opened.Page.Locator("#result").InnerTextAsync();
    }

    [Fact]
    public async Task A_page_on_a_disk_says_what_a_receipt_proves_and_what_it_does_not_and_asks_nobody()
    {
        await using var opened = await OpenAsync();
        await GiveAsync(opened, Log.Receipt(Index), Log.PolicyText);
        var text = await ResultAsync(opened);
        Assert.Equal("proven", await opened.Page.Locator("#result").GetAttributeAsync("data-state"));
        Assert.Contains("✓ Proven", text, StringComparison.Ordinal);
        Assert.Contains("DataAccessed", text, StringComparison.Ordinal);
        Assert.Contains("act/2 · number 2 there", text, StringComparison.Ordinal);
        Assert.Contains("2026-11-23 07:59:54 UTC", text, StringComparison.Ordinal);
        Assert.Contains("6 of 11", text, StringComparison.Ordinal);
        Assert.Contains("Witnesses: 4 of the 4", text, StringComparison.Ordinal);
        Assert.Contains("d0 (dept2.example/witness): saw it at", text, StringComparison.Ordinal);
        Assert.Contains("This does not prove", text, StringComparison.Ordinal);
        Assert.Empty(opened.Outside);
        Assert.Empty(opened.Errors);
    }

    [Fact]
    public async Task The_hub_serves_it_and_its_own_policy_lets_it_run()
    {
        await using var hub = await Flows.HubUnderTest.StartAsync();
        await using var opened = await browser.OpenAsync(hub.Address, "zh-CN", 390);
        await opened.Page.GotoAsync("/verify");
        await GiveAsync(opened, Log.Receipt(Index), Log.PolicyText);
        Assert.Contains("已证实", await ResultAsync(opened), StringComparison.Ordinal);
        Assert.Empty(opened.Outside);
        Assert.Empty(opened.Errors);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "entry", "The record is not number 6 of the 11 records that were signed" },
        { "proof", "The record is not number 6 of the 11 records that were signed" },
        { "index", "The record is not number 7 of the 11 records that were signed" },
        { "root", "The signature of \"city.example/audit\" is not good" },
        { "cosignature", "The signature of \"dept2.example/witness\" is not good" },
        { "cut", "The end of the receipt is missing" },
        { "line ends", "control character U+000D" },
        { "letter", "This is not a receipt" },
        { "sm3", "This is a receipt of an SM3 tree" },
        { "other log", "Your policy does not know the log \"city.example/audit\"" },
        { "other key", "has not signed this with a key of your policy" },
        { "quorum", "depts has 2 of the 3 that it needs (d2 has not signed; d3 has not signed)" },
        { "policy cut", "it has no quorum line" },
        { "policy id", "The key id of \"city.example/audit\" should be" },
        { "policy twice", "Line 7 of the policy: this public key stands here twice" },
        { "policy member", "Line 7 of the policy: \"d9\" is not defined above" },
        { "no witness", "witnesses have signed in a way that is not checked here" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_was_changed_or_is_not_enough_is_refused_with_the_reason_and_a_way_forward(string what, string why)
    {
        var (receipt, policy) = (Encoding.UTF8.GetString(Log.Receipt(Index)), Log.PolicyText);
        var lines = receipt.Split('\n');
        switch (what)
        {
            case "entry":
                var entry = Log.Leaf(Index);
                entry = [.. entry];
                entry[^2] ^= 1;
                lines[1] = "extra " + Convert.ToBase64String(entry);
                receipt = string.Join('\n', lines);
                break;
            case "proof":
                lines[3] = Convert.ToBase64String(new byte[32]);
                receipt = string.Join('\n', lines);
                break;
            case "index":
                receipt = receipt.Replace("\nindex 5\n", "\nindex 6\n", StringComparison.Ordinal);
                break;
            case "root":
                receipt = receipt.Replace("\n11\n", "\n12\n", StringComparison.Ordinal);
                break;
            case "cosignature":
                var bytes = Log.Note.Signatures[1].Bytes;
                bytes = [.. bytes];
                bytes[7] ^= 1;
                receipt = receipt.Replace(Log.Note.Signatures[1].Line, (Log.Note.Signatures[1] with { Bytes = bytes }).Line, StringComparison.Ordinal);
                break;
            case "cut":
                receipt = receipt[..^1];
                break;
            case "line ends":
                receipt = receipt.Replace("\n", "\r\n", StringComparison.Ordinal);
                break;
            case "letter":
                receipt = "Dear Sir or Madam,\n" + receipt;
                break;
            case "sm3":
                receipt = Encoding.UTF8.GetString(new EvidenceLog(3, CityHub.Crypto.HashFunctions.Sm3).Receipt(1));
                break;
            case "other log":
                policy = policy.Replace(Log.Log.Verifier.ToString(), LedgerKeys("other.example/log", NoteKeyType.Ed25519, 1), StringComparison.Ordinal);
                break;
            case "other key":
                policy = policy.Replace(Log.Log.Verifier.ToString(), LedgerKeys(EvidenceLog.Origin, NoteKeyType.Ed25519, 9), StringComparison.Ordinal);
                break;
            case "quorum":
                receipt = Encoding.UTF8.GetString(new EvidenceLog(11, signing: 2).Receipt(Index));
                break;
            case "policy cut":
                policy = policy[..policy.IndexOf("quorum", StringComparison.Ordinal)];
                break;
            case "policy id":
                policy = policy.Replace("audit+", "audit+0", StringComparison.Ordinal);
                break;
            case "policy twice":
                policy = policy.Replace("group", "witness again " + Log.Witnesses[0].Verifier + "\ngroup", StringComparison.Ordinal);
                break;
            case "policy member":
                policy = policy.Replace("d2 d3", "d2 d9", StringComparison.Ordinal);
                break;
            case "no witness":
                var strange = Tests.Ledger.LedgerKeys.Signer("pq.example/witness", NoteKeyType.MlDsa44Cosignature, 7);
                receipt += strange.Sign(Log.Note.Text).Line + "\n";
                policy = $"log {Log.Log.Verifier}\nwitness pq {strange.Verifier}\nquorum pq\n";
                break;
        }

        await using var opened = await OpenAsync();
        await GiveAsync(opened, Encoding.UTF8.GetBytes(receipt), policy);
        var text = await ResultAsync(opened);
        Assert.Equal("refused", await opened.Page.Locator("#result").GetAttributeAsync("data-state"));
        Assert.Contains(why, text, StringComparison.Ordinal);
        Assert.Contains("What to do: ", text, StringComparison.Ordinal);
        Assert.Empty(opened.Errors);

        static string LedgerKeys(string name, NoteKeyType type, byte seed) => Tests.Ledger.LedgerKeys.Signer(name, type, seed).Verifier.ToString();
    }
}
