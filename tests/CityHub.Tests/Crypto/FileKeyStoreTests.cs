using System.Text;
using CityHub.Crypto;

namespace CityHub.Tests.Crypto;

public sealed class FileKeyStoreTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("cityhub-keys-").FullName;

    private string Folder => Path.Combine(root, "keys");

    public static TheoryData<SignatureAlgorithm> Algorithms => [.. Enum.GetValues<SignatureAlgorithm>()];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_key_signs_the_same_after_it_was_closed_and_opened(SignatureAlgorithm algorithm)
    {
        byte[] publicKey, signature;
        using (var made = new FileKeyStore(Folder).Create("city-log", algorithm))
        {
            publicKey = made.Public.Bytes.ToArray();
            signature = made.Sign("m"u8);
        }

        var store = new FileKeyStore(Folder);
        using var opened = store.Open("city-log");
        Assert.Equal(["city-log"], store.Names);
        Assert.Equal(algorithm, opened.Public.Algorithm);
        Assert.Equal(publicKey, opened.Public.Bytes.ToArray());
        Assert.True(opened.Public.Verify("m"u8, signature));
        Assert.True(VerificationKeys.Parse(algorithm, publicKey).Verify("n"u8, opened.Sign("n"u8)));
    }

    [Fact]
    public void Only_the_owner_may_read_what_is_made()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        using var key = new FileKeyStore(Folder).Create("a", SignatureAlgorithm.Ed25519);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(Folder), 8));
        Assert.Equal("600", Convert.ToString((int)File.GetUnixFileMode(PathOf("a")), 8));
        Assert.Equal([PathOf("a")], Directory.GetFileSystemEntries(Folder));
    }

    [Theory]
    [InlineData("640")]
    [InlineData("604")]
    [InlineData("620")]
    [InlineData("644")]
    public void A_key_that_others_may_read_or_write_is_refused_with_the_way_out(string mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        var store = new FileKeyStore(Folder);
        store.Create("a", SignatureAlgorithm.Ed25519).Dispose();
        Change(PathOf("a"), mode);
        var refusal = Refused(KeyStoreFault.TooOpen, () => store.Open("a"));
        Assert.Contains($"mode {mode}", refusal, StringComparison.Ordinal);
        Assert.Contains($"chmod 600 {PathOf("a")}", refusal, StringComparison.Ordinal);
        Change(PathOf("a"), "600");
        store.Open("a").Dispose();
    }

    [Fact]
    public void A_folder_that_others_may_enter_is_refused_with_the_way_out()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        var store = new FileKeyStore(Folder);
        store.Create("a", SignatureAlgorithm.Ed25519).Dispose();
        Change(Folder, "750");
        foreach (var act in new Action[] { () => _ = new FileKeyStore(Folder), () => store.Open("a"), () => store.Create("b", SignatureAlgorithm.Ed25519) })
            Assert.Contains($"chmod 700 {Folder}", Refused(KeyStoreFault.TooOpen, act), StringComparison.Ordinal);
        Change(Folder, "700");
        Assert.Equal(["a"], store.Names);
    }

    [Fact]
    public void A_key_is_never_overwritten()
    {
        var store = new FileKeyStore(Folder);
        store.Create("a", SignatureAlgorithm.Ed25519).Dispose();
        var before = File.ReadAllBytes(PathOf("a"));
        Refused(KeyStoreFault.AlreadyThere, () => store.Create("a", SignatureAlgorithm.Sm2));
        Refused(KeyStoreFault.AlreadyThere, () => new FileKeyStore(Folder).Create("a", SignatureAlgorithm.Ed25519));
        Assert.Equal(before, File.ReadAllBytes(PathOf("a")));
    }

    [Fact]
    public async Task Of_many_who_make_a_key_of_one_name_at_once_one_succeeds_and_its_key_is_the_one_kept()
    {
        var store = new FileKeyStore(Folder);
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            try
            {
                return store.Create("a", SignatureAlgorithm.Ed25519);
            }
            catch (Exception refusal) when (refusal is KeyStoreException { Fault: KeyStoreFault.AlreadyThere } or IOException)
            {
                return null;
            }
        })));
        var one = Assert.Single(made, key => key is not null);
        using var kept = store.Open("a");
        Assert.Equal(one?.Public.Bytes.ToArray(), kept.Public.Bytes.ToArray());
    }

    [Fact]
    public void What_a_crash_left_of_a_new_key_is_no_key_and_is_gone_with_the_next_one()
    {
        var store = new FileKeyStore(Folder);
        var left = Path.Combine(Folder, ".a.0123456789abcdef.new");
        var others = Path.Combine(Folder, ".a.b.0123456789abcdef.new");
        File.WriteAllText(left, "cityhub-key v1\nname: a\nalg");
        File.WriteAllText(others, "cityhub-key v1\nname: a.b");
        Assert.Empty(store.Names);
        Refused(KeyStoreFault.NotThere, () => store.Open("a"));
        store.Create("a", SignatureAlgorithm.Ed25519).Dispose();
        Assert.False(File.Exists(left));
        Assert.True(File.Exists(others));
        Assert.Equal(["a"], store.Names);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("../a")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("城")]
    [InlineData("a\0")]
    public void A_name_that_could_lead_elsewhere_is_refused(string name)
    {
        var store = new FileKeyStore(Folder);
        Refused(KeyStoreFault.BadName, () => store.Open(name));
        Refused(KeyStoreFault.BadName, () => store.Create(name, SignatureAlgorithm.Ed25519));
    }

    [Fact]
    public void A_name_has_64_letters_at_most()
    {
        var store = new FileKeyStore(Folder);
        store.Create(new string('a', 64), SignatureAlgorithm.Ed25519).Dispose();
        Refused(KeyStoreFault.BadName, () => store.Create(new string('a', 65), SignatureAlgorithm.Ed25519));
        Refused(KeyStoreFault.NotThere, () => store.Open("b"));
    }

    [Fact]
    public void The_file_says_its_version_name_and_algorithm()
    {
        var store = new FileKeyStore(Folder);
        using var key = store.Create("a.1", SignatureAlgorithm.MlDsa44);
        var lines = File.ReadAllLines(PathOf("a.1"));
        Assert.Equal(5, lines.Length);
        Assert.Equal(["cityhub-key v1", "name: a.1", "algorithm: ml-dsa-44", "public: " + Convert.ToBase64String(key.Public.Bytes.Span)], lines[..4]);
        Assert.Equal("secret: ".Length + 44, lines[4].Length);
    }

    /// <summary>Each change is something that a disk, an editor or a hand can do to a file.</summary>
    [Theory]
    [InlineData("cityhub-key v1", "cityhub-key v2", "does not begin with")]
    [InlineData("name: a\n", "name: b\n", "another name, b")]
    [InlineData("algorithm: ed25519", "algorithm: rsa", "algorithm is not known")]
    [InlineData("algorithm: ed25519", "algorithm: none", "algorithm is not known")]
    [InlineData("algorithm: ed25519", "algorithm: sm2", "not that of its secret")]
    [InlineData("algorithm: ed25519\n", "", "the lines")]
    [InlineData("public: ", "public: A", "not that of its secret")]
    [InlineData("secret: ", "secret: *", "not base64")]
    [InlineData("secret: ", "secret: AAAA", "not one of the algorithm")]
    [InlineData("cityhub-key v1\n", "\ncityhub-key v1\n", "does not begin with")]
    [InlineData("\n", "\r\n", "does not begin with")]
    public void A_damaged_or_exchanged_file_is_refused_and_its_secret_not_shown(string what, string by, string because)
    {
        var store = new FileKeyStore(Folder);
        store.Create("a", SignatureAlgorithm.Ed25519).Dispose();
        var text = File.ReadAllText(PathOf("a"));
        var secret = text.Split("secret: ")[1].Trim();
        File.WriteAllText(PathOf("a"), text.Replace(what, by, StringComparison.Ordinal));
        var refusal = Refused(KeyStoreFault.Damaged, () => store.Open("a"));
        Assert.Contains(because, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[..12], refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_short_or_with_a_changed_byte_never_gives_another_key()
    {
        var store = new FileKeyStore(Folder);
        store.Create("a", SignatureAlgorithm.Ed25519).Dispose();
        var whole = File.ReadAllBytes(PathOf("a"));
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(PathOf("a"), whole[..length]);
            Refused(KeyStoreFault.Damaged, () => store.Open("a"));
        }

        for (var at = 0; at < whole.Length; at += 3)
        {
            var other = (byte[])whole.Clone();
            other[at] ^= 0x10;
            File.WriteAllBytes(PathOf("a"), other);
            Refused(KeyStoreFault.Damaged, () => store.Open("a"));
        }

        File.WriteAllBytes(PathOf("a"), [.. whole, .. whole, .. new byte[5000]]);
        Refused(KeyStoreFault.Damaged, () => store.Open("a"));
    }

    [Fact]
    public void A_link_is_no_key_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        var store = new FileKeyStore(Folder);
        store.Create("a", SignatureAlgorithm.Ed25519).Dispose();
        File.Move(PathOf("a"), Path.Combine(root, "elsewhere"));
        File.CreateSymbolicLink(PathOf("a"), Path.Combine(root, "elsewhere"));
        Refused(KeyStoreFault.Damaged, () => store.Open("a"));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_key_shows_its_public_part_only_and_signs_no_more_once_it_is_disposed(SignatureAlgorithm algorithm)
    {
        var key = new FileKeyStore(Folder).Create("a", algorithm);
        var secret = Convert.FromBase64String(File.ReadAllText(PathOf("a")).Split("secret: ")[1]);
        var shown = key.ToString() ?? "";
        Assert.Contains(algorithm.Word(), shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(secret)[..16], shown, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(secret)[..16], shown, StringComparison.Ordinal);
        // Nothing that a caller can reach has a name or a type that a private key could come out of.
        Assert.Equal(["Dispose", "Sign", "get_Public"], typeof(ISigningKey).GetMethods().Concat(typeof(IDisposable).GetMethods()).Select(method => method.Name).Order(StringComparer.Ordinal));
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Sign("m"u8));
    }

    [Fact]
    public void A_secret_is_zeroed_when_it_is_disposed()
    {
        var secret = new Secret([1, 2, 3]);
        var bytes = secret.Bytes;
        Assert.Equal("(secret)", secret.ToString());
        secret.Dispose();
        Assert.Equal([0, 0, 0], bytes);
        Assert.Throws<ObjectDisposedException>(() => secret.Bytes);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private string PathOf(string name) => Path.Combine(Folder, name + ".key");

    private static string Refused(KeyStoreFault fault, Action act)
    {
        var refusal = Assert.Throws<KeyStoreException>(act);
        Assert.Equal(fault, refusal.Fault);
        return refusal.Message;
    }

    private static void Change(string path, string mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
    }
}
