using System.Diagnostics;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Tests.Crypto;

/// <summary>The openssl command is the stranger: what it signs we verify, and what we sign it verifies. An auditor does the same by hand.</summary>
public sealed class OpenSslTests : IDisposable
{
    private static readonly string DefaultId = "distid:" + Encoding.ASCII.GetString(Sm2.DefaultUserId);

    private readonly string folder = Directory.CreateTempSubdirectory("cityhub-openssl-").FullName;

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    [InlineData(100_000)]
    public void Sm3_is_that_of_openssl(int length)
    {
        var data = Write("data", length);
        var said = Need("dgst", "-sm3", "-r", "data");
        Assert.Equal(Convert.ToHexStringLower(HashFunctions.Sm3.Hash(data)), said.Split(' ')[0]);
    }

    [Fact]
    public void Hmac_sm3_is_that_of_openssl()
    {
        var data = Write("data", 300);
        var key = Enumerable.Range(1, 32).Select(i => (byte)i).ToArray();
        var said = Need("dgst", "-sm3", "-r", "-mac", "HMAC", "-macopt", "hexkey:" + Convert.ToHexString(key), "data");
        var mac = new byte[32];
        MacFunctions.HmacSm3.Compute(key, data, mac);
        Assert.Equal(Convert.ToHexStringLower(mac), said.Split(' ')[0]);
    }

    [Fact]
    public void Openssl_verifies_what_our_sm2_key_signs()
    {
        var message = Write("message", 300);
        NeedSm2();
        using var key = SigningKeys.Generate(SignatureAlgorithm.Sm2);
        File.WriteAllText(In("public.pem"), PublicKeyPem.Write(key.Public));
        for (var i = 0; i < 8; i++)
        {
            File.WriteAllBytes(In("signature"), Sm2Encoding.ToDer(key.Sign(message)));
            Assert.True(VerifiesSm2(), "openssl refuses a signature of ours");
        }

        message[7] ^= 1;
        File.WriteAllBytes(In("message"), message);
        Assert.False(VerifiesSm2(), "openssl accepts a signature of another message");
    }

    [Fact]
    public void We_verify_what_an_sm2_key_of_openssl_signs()
    {
        var message = Write("message", 300);
        NeedSm2();
        Need("pkey", "-in", "private.pem", "-pubout", "-out", "public.pem");
        Assert.True(PublicKeyPem.TryRead(File.ReadAllText(In("public.pem")), out var key, out var why), why);
        Assert.Equal(SignatureAlgorithm.Sm2, key.Algorithm);
        for (var i = 0; i < 8; i++)
        {
            Assert.True(Sm2Encoding.TryFromDer(SignSm2(DefaultId), out var signature));
            Assert.True(key.Verify(message, signature));
            Assert.False(key.Verify([.. message, 0], signature));
        }

        // Another user id makes another Z: the signature is good there and not here.
        Assert.True(Sm2Encoding.TryFromDer(SignSm2("distid:somebody@else"), out var foreign));
        Assert.False(key.Verify(message, foreign));
    }

    [Fact]
    public void Openssl_verifies_what_our_ed25519_key_signs_and_the_other_way_round()
    {
        var message = Write("message", 300);
        using var ours = SigningKeys.Generate(SignatureAlgorithm.Ed25519);
        File.WriteAllText(In("public.pem"), PublicKeyPem.Write(ours.Public));
        File.WriteAllBytes(In("signature"), ours.Sign(message));
        Need("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "message", "-sigfile", "signature");

        Need("genpkey", "-algorithm", "ED25519", "-out", "private.pem");
        Need("pkey", "-in", "private.pem", "-pubout", "-out", "public.pem");
        Need("pkeyutl", "-sign", "-inkey", "private.pem", "-rawin", "-in", "message", "-out", "signature");
        var pem = File.ReadAllText(In("public.pem"));
        Assert.True(PublicKeyPem.TryRead(pem, out var theirs, out var why), why);
        Assert.True(theirs.Verify(message, File.ReadAllBytes(In("signature"))));
        Assert.Equal(pem, PublicKeyPem.Write(theirs));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private bool VerifiesSm2() =>
        Run("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-digest", "sm3", "-pkeyopt", DefaultId, "-in", "message", "-sigfile", "signature").Code == 0;

    private byte[] SignSm2(string id)
    {
        Need("pkeyutl", "-sign", "-inkey", "private.pem", "-rawin", "-digest", "sm3", "-pkeyopt", id, "-in", "message", "-out", "signature");
        return File.ReadAllBytes(In("signature"));
    }

    /// <summary>A key of openssl's own in private.pem, which shows that it has SM2 at all (distributions leave it out).</summary>
    private void NeedSm2() => Need("genpkey", "-algorithm", "SM2", "-out", "private.pem");

    private string Need(params string[] arguments)
    {
        var (code, said) = Run(arguments);
        Assert.SkipUnless(code >= 0, "There is no openssl command on this machine.");
        // What it does not have it calls unsupported, unknown or not found; everything else is a failure.
        var lacks = code != 0 && new[] { "unsupported", "unknown", "not found", "Unrecognized", "Unknown" }.Any(word => said.Contains(word, StringComparison.Ordinal));
        Assert.SkipWhen(lacks, $"This openssl has no {string.Join(' ', arguments.Take(3))}: {said.Trim()}");
        Assert.True(code == 0, $"openssl {string.Join(' ', arguments)}: {said}");
        return said;
    }

    private (int Code, string Said) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start);
            if (process is null)
                return (-1, "");
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, process.ExitCode == 0 ? said : said + errors.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "");
        }
    }

    private byte[] Write(string name, int length)
    {
        var data = new byte[length];
        for (var i = 0; i < length; i++)
            data[i] = (byte)(i * 7 + (i >> 8));
        File.WriteAllBytes(In(name), data);
        return data;
    }

    private string In(string name) => Path.Combine(folder, name);
}
