using System.Text;
using CityHub.Ledger;
using CityHub.Server.Pages;
using CityHub.Tests.Ledger.Evidence;
using CityHub.Tests.Storage.Embedded;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace CityHub.Tests.Browser;

/// <summary>The page that checks receipts, as it is used: saved to a disk, without a network.</summary>
public sealed class VerifyPageTests(BrowserUnderTest browser) : IClassFixture<BrowserUnderTest>, IDisposable
{
    private const int Index = 5;
    private static readonly EvidenceLog Log = new(11);
    private static readonly EvidenceLog Gm = new(11, CityHub.Crypto.HashFunctions.Sm3);
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

    [Fact]
    public async Task What_a_hub_gives_out_of_either_tree_is_proven_by_the_page_and_the_policy_that_it_gives_out()
    {
        await using var hub = await Flows.HubUnderTest.StartAsync(c => c with { Ledger = c.Ledger with { Suites = CityHub.Crypto.SuiteRequirement.Both, PostQuantum = true } });
        await hub.PostAsync("/ngsi-ld/v1/entities", """{"id":"urn:x:1","type":"Lamp"}""");
        var policy = (await hub.GetAsync("/ledger/policy")).Text;
        await using var opened = await browser.OpenAsync(hub.Address, "en", 1280);
        await opened.Page.GotoAsync("/verify");
        foreach (var (suite, hash) in new[] { ("intl", "SHA-256"), ("gm", "SM3") })
        {
            var receipt = await hub.GetAsync($"/ledger/receipts/{hub.Hub.Store.Log.Head}?suite={suite}");
            Assert.True((int)receipt.Status == 200, receipt.Text);
            await GiveAsync(opened, Encoding.UTF8.GetBytes(receipt.Text), policy);
            await Assertions.Expect(opened.Page.Locator("#details dl")).ToContainTextAsync($" · {hash}");
            var text = await ResultAsync(opened);
            Assert.Contains("✓ Proven", text, StringComparison.Ordinal);
            Assert.Equal(suite == "intl", text.Contains("Its ML-DSA-44 cosignature is not checked here.", StringComparison.Ordinal));
            Assert.Contains("no witness vouches for it", text, StringComparison.Ordinal);
        }

        Assert.Empty(opened.Errors);
    }

    /// <summary>Were a name or a text of others to become script after all, it could not send anything anywhere.</summary>
    [Fact]
    public async Task The_browser_itself_keeps_a_saved_page_from_any_address_and_from_any_other_script()
    {
        await using var opened = await OpenAsync();
        var blocked = await opened.Page.EvaluateAsync<string[]>(
            """
            async () => {
              const blocked = [];
              document.addEventListener('securitypolicyviolation', e => blocked.push(e.effectiveDirective));
              await fetch('http://127.0.0.1:9/').catch(() => {});
              document.body.append(Object.assign(document.createElement('script'), { textContent: 'globalThis.stranger = true' }));
              document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/x.png' }));
              await new Promise(done => setTimeout(done, 200));
              return [...blocked.sort(), String(globalThis.stranger)];
            }
            """);
        Assert.Equal(["connect-src", "img-src", "script-src-elem", "undefined"], blocked);
        Assert.Empty(opened.Outside);
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
        { "sm3", "Your policy does not know the log \"city.example/audit/sm3\"" },
        { "sm3 as sha-256", "This receipt is of a tree of SHA-256, and the log signs trees of SM3" },
        { "sm3 cosignature", "The signature of \"dept3.example/witness\" is not good" },
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
            case "sm3 as sha-256":
                receipt = Encoding.UTF8.GetString(Gm.Receipt(Index)).Replace("cityhub/tlog-proof-sm3@v1", "c2sp.org/tlog-proof@v1", StringComparison.Ordinal);
                policy = Gm.PolicyText;
                break;
            case "sm3 cosignature":
                var sm2 = Gm.Note.Signatures[2];
                receipt = Encoding.UTF8.GetString(Gm.Receipt(Index)).Replace(sm2.Line, (sm2 with { Bytes = [.. sm2.Bytes[..^1], (byte)(sm2.Bytes[^1] ^ 1)] }).Line, StringComparison.Ordinal);
                policy = Gm.PolicyText;
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

    [Theory]
    [InlineData("en", 1280, ColorScheme.Light, 4)]
    [InlineData("en", 390, ColorScheme.Dark, 2)]
    [InlineData("zh-CN", 390, ColorScheme.Light, 2)]
    [InlineData("zh-CN", 320, ColorScheme.Dark, 4)]
    public async Task It_speaks_both_languages_fits_every_screen_and_hides_nothing_from_anybody(string language, int width, ColorScheme scheme, int signing)
    {
        await using var opened = await OpenAsync(language, width, scheme);
        var page = opened.Page;
        await NothingHiddenAsync(page);
        foreach (var details in await page.Locator("main details > summary").AllAsync())
            await details.ClickAsync();
        await GiveAsync(opened, new EvidenceLog(11, signing: signing).Receipt(Index), Log.PolicyText);
        var text = await ResultAsync(opened);
        Assert.Equal(language, await page.Locator("html").GetAttributeAsync("lang"));
        Assert.Contains((language, signing) switch { ("en", 4) => "Proven", ("en", _) => "Not proven", (_, 4) => "已证实", _ => "未证实" }, text, StringComparison.Ordinal);
        Assert.Equal(language == "en", text.Contains("Witnesses", StringComparison.Ordinal));
        await NothingHiddenAsync(page);

        await page.Locator("#language").ClickAsync();
        Assert.Equal(language != "en", (await page.Locator("#result").InnerTextAsync()).Contains("Witnesses", StringComparison.Ordinal));
        Assert.Equal(language == "en", (await page.TitleAsync()).StartsWith("验证", StringComparison.Ordinal));
        Assert.Empty(opened.Errors);
    }

    private static async Task NothingHiddenAsync(IPage page)
    {
        var axe = await page.RunAxe();
        Assert.True(axe.Violations.Length == 0, string.Join("\n", axe.Violations.Select(v => $"{v.Id}: {v.Help}: {string.Join(" | ", v.Nodes.Take(3).Select(n => n.Html))}")));
        Assert.Equal(0, await page.EvaluateAsync<int>("Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));
    }

    [Fact]
    public async Task Text_can_be_pasted_and_files_dropped_anywhere_go_where_they_belong()
    {
        await using var opened = await OpenAsync();
        var page = opened.Page;
        await page.GetByText("Paste the receipt’s text instead").First.ClickAsync();
        await page.Locator("#receipt-text").FillAsync(Encoding.UTF8.GetString(Log.Receipt(Index)).TrimEnd('\n'));
        await Assertions.Expect(page.Locator("#verdict")).ToContainTextAsync("Now the policy");
        await DropAsync("h1", "from-a-friend.txt", Log.PolicyText);
        await Assertions.Expect(page.Locator("#verdict")).ToContainTextAsync("Proven");

        await DropAsync("#receipt-about", "other.txt", "c2sp.org/tlog-proof@v1\n");
        await Assertions.Expect(page.Locator("#verdict")).ToContainTextAsync("This is not a receipt");
        Assert.Equal("", await page.Locator("#receipt-text").InputValueAsync());
        Assert.Empty(opened.Errors);

        Task DropAsync(string at, string name, string text) => page.EvaluateAsync(
            """
            ([at, name, text]) => {
              const dataTransfer = new DataTransfer();
              dataTransfer.items.add(new File([text], name));
              document.querySelector(at).dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
            }
            """,
            new[] { at, name, text });
    }

    [Fact]
    public async Task The_content_is_compared_with_what_was_recorded()
    {
        await using var opened = await OpenAsync();
        await GiveAsync(opened, Log.Receipt(Index), Log.PolicyText);
        Assert.Contains("Nor what the content is", await ResultAsync(opened), StringComparison.Ordinal);
        await opened.Page.SetInputFilesAsync("#opening-file", new FilePayload { Name = "6.bin", MimeType = "application/octet-stream", Buffer = Log.Opening(Index) });
        await Assertions.Expect(opened.Page.Locator("#details")).ToContainTextAsync("查询水费");
        await opened.Page.SetInputFilesAsync("#opening-file", new FilePayload { Name = "7.bin", MimeType = "application/octet-stream", Buffer = Log.Opening(Index + 1) });
        await Assertions.Expect(opened.Page.Locator("#verdict")).ToContainTextAsync("The content is not the one that record 6 stands for");
    }

    [Fact]
    public async Task Receipts_and_evidence_of_the_SM3_tree_are_checked_as_well()
    {
        await using var opened = await OpenAsync("zh-CN");
        await GiveAsync(opened, Gm.Receipt(Index), Gm.PolicyText);
        await opened.Page.SetInputFilesAsync("#opening-file", new FilePayload { Name = "6.bin", MimeType = "application/octet-stream", Buffer = Gm.Opening(Index) });
        await Assertions.Expect(opened.Page.Locator("#details")).ToContainTextAsync("查询水费");
        var text = await ResultAsync(opened);
        Assert.Contains("已证实", text, StringComparison.Ordinal);
        Assert.Contains("city.example/audit/sm3 · SM3", text, StringComparison.Ordinal);
        Assert.Contains("您的策略中 4 个，已签名 4 个", text, StringComparison.Ordinal);

        await GiveAsync(opened, EvidenceBundleTests.Make(EvidenceBundleTests.Contents(Gm)), Gm.PolicyText);
        Assert.Contains("这 3 条记录在日志中", await ResultAsync(opened), StringComparison.Ordinal);
        Assert.Empty(opened.Errors);
    }

    [Fact]
    public async Task A_receipt_without_its_record_asks_for_it()
    {
        await using var opened = await OpenAsync();
        await GiveAsync(opened, Log.Proof(Index).ToBytes(), Log.PolicyText);
        Assert.Contains("does not bring its record along", await ResultAsync(opened), StringComparison.Ordinal);
        await opened.Page.SetInputFilesAsync("#entry-file", new FilePayload { Name = "6.json", MimeType = "application/json", Buffer = Log.Leaf(Index) });
        await Assertions.Expect(opened.Page.Locator("#verdict")).ToContainTextAsync("✓ Proven");
    }

    [Fact]
    public async Task The_keyboard_reaches_everything_and_shows_where_it_is()
    {
        await using var opened = await OpenAsync();
        var reached = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            await opened.Page.Keyboard.PressAsync("Tab");
            reached.Add(await opened.Page.EvaluateAsync<string>("document.activeElement.id || document.activeElement.className || document.activeElement.tagName"));
            Assert.NotEqual("none", await opened.Page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        }

        Assert.Equal(["skip", "language", "receipt-file", "SUMMARY", "policy-file", "SUMMARY", "SUMMARY"], reached);
    }

    [Fact]
    public async Task Names_that_would_turn_or_hide_text_are_shown_as_text()
    {
        const string Nasty = "<img src=x onerror=alert(1)>\u202Etpircs";
        await using var opened = await OpenAsync();
        await GiveAsync(opened, Log.Receipt(Index), Log.PolicyText + Nasty + "\n");
        var text = await ResultAsync(opened);
        Assert.Contains("<img src=x onerror=alert(1)>\uFFFDtpircs", text, StringComparison.Ordinal);
        Assert.Equal(0, await opened.Page.Locator("#result img").CountAsync());
    }

    [Theory]
    [InlineData("en", ColorScheme.Light, 1280)]
    [InlineData("zh-CN", ColorScheme.Dark, 390)]
    public async Task An_evidence_bundle_shows_its_records_and_the_content_that_was_released(string language, ColorScheme scheme, int width)
    {
        await using var opened = await OpenAsync(language, width, scheme);
        await GiveAsync(opened, EvidenceBundleTests.Make(EvidenceBundleTests.Contents(Log)), Log.PolicyText);
        Assert.Contains(language == "en" ? "These 3 records stand in the log" : "这 3 条记录在日志中", await ResultAsync(opened), StringComparison.Ordinal);
        foreach (var details in await opened.Page.Locator("#details > details > summary").AllAsync())
            await details.ClickAsync();
        var text = await ResultAsync(opened);
        Assert.Contains("\"number\":2,", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"number\":6,", text, StringComparison.Ordinal);
        Assert.Contains("\"number\":10,", text, StringComparison.Ordinal);
        Assert.Contains(language == "en" ? "Wasserwerk" : "水务局", text, StringComparison.Ordinal);
        Assert.Contains(language == "en" ? "nobody vouches" : "无人为此作证", text, StringComparison.Ordinal);
        Assert.Contains(language == "en" ? "Nor what the content is" : "以及未显示的内容", text, StringComparison.Ordinal);
        await NothingHiddenAsync(opened.Page);
        Assert.Empty(opened.Outside);
        Assert.Empty(opened.Errors);
    }

    /// <summary>Whoever forges a bundle makes its sums anew and puts a policy of his own beside it.</summary>
    [Fact]
    public async Task A_forged_bundle_is_refused_whatever_its_own_policy_says()
    {
        var forger = Tests.Ledger.LedgerKeys.Signer(EvidenceLog.Origin, NoteKeyType.Ed25519, 66);
        var contents = EvidenceBundleTests.Contents(Log);
        var forged = contents with
        {
            Policy = Encoding.UTF8.GetBytes($"log {forger.Verifier}\nquorum none\n"),
            Checkpoint = SignedNote.Sign(Log.Note.Text, forger),
        };
        await using var opened = await OpenAsync();
        await GiveAsync(opened, EvidenceBundleTests.Make(forged), Log.PolicyText);
        Assert.Contains("has not signed this with a key of your policy", await ResultAsync(opened), StringComparison.Ordinal);

        var bundle = EvidenceBundleTests.Make(contents);
        foreach (var name in new[] { "checkpoint", "leaves/7.json", "openings/3.bin", "receipts/3.tlog-proof", "receipts/7.tlog-proof" })
        {
            var files = EvidenceBundleTests.Unpack(bundle);
            files[name][files[name].Length / 2] ^= 1;
            Assert.Equal("no", await JudgedAsync(opened.Page, EvidenceBundleTests.Pack(EvidenceBundleTests.Resum(files))));
            if (name.StartsWith("openings/", StringComparison.Ordinal))
                continue;
            files.Remove(name);
            Assert.Equal("no", await JudgedAsync(opened.Page, EvidenceBundleTests.Pack(EvidenceBundleTests.Resum(files))));
        }

        var more = EvidenceBundleTests.Unpack(bundle);
        more["notes.txt"] = [1];
        Assert.Equal("no", await JudgedAsync(opened.Page, EvidenceBundleTests.Pack(EvidenceBundleTests.Resum(more))));
        Assert.Equal("yes", await JudgedAsync(opened.Page, bundle));
    }

    [Fact]
    public async Task Every_flipped_bit_and_every_cut_of_a_bundle_is_found()
    {
        var bundle = EvidenceBundleTests.Make(EvidenceBundleTests.Contents(Log));
        await using var opened = await OpenAsync();
        var wrong = await opened.Page.EvaluateAsync<string[]>(
            """
            ([bundle, policy]) => {
              const bytes = Uint8Array.from(atob(bundle), c => c.charCodeAt(0)), trusted = utf8(policy), wrong = [];
              const judge = (what, changed) => {
                try {
                  verifyBundle(changed, trusted);
                  wrong.push(what);
                } catch (e) {
                  if (!(e instanceof Refusal)) wrong.push(what + e.stack);
                }
              };
              for (let at = 0; at < bytes.length; at += 31) {
                bytes[at] ^= 1 << at % 8;
                judge('flip ' + at, bytes);
                bytes[at] ^= 1 << at % 8;
              }
              for (let length = 0; length < bytes.length; length += 197) judge('cut ' + length, bytes.subarray(0, length));
              judge('more', join(bytes, [0]));
              return wrong;
            }
            """,
            new[] { Convert.ToBase64String(bundle), Log.PolicyText });
        Assert.Empty(wrong);
    }

    private static Task<string> JudgedAsync(IPage page, byte[] bundle) => page.EvaluateAsync<string>(
        """
        ([bundle, policy]) => {
          try {
            verifyBundle(Uint8Array.from(atob(bundle), c => c.charCodeAt(0)), utf8(policy));
            return 'yes';
          } catch (e) {
            return e instanceof Refusal ? 'no' : e.stack;
          }
        }
        """,
        new[] { Convert.ToBase64String(bundle), Log.PolicyText });
}
