using System.Text;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Server.Witnessing;

/// <summary>
/// The folder of a witness: <c>keys/</c> (its private keys), <c>memory/</c> (what it cosigned), <c>vkeys</c> (its public keys, a line each; the name is in them).
/// <c>vkeys</c> is written last, so that a witness whose making was interrupted has told nobody of its key and is made again.
/// </summary>
internal sealed class WitnessFolder : IDisposable
{
    private readonly List<ISigningKey> keys = [];

    private WitnessFolder(WitnessState state) => State = state;

    public WitnessState State { get; }

    public IReadOnlyList<NoteSigner> Signers { get; private set; } = [];

    public static bool IsThere(string folder) => File.Exists(Path.Combine(folder, "vkeys"));

    /// <param name="also">A second folder that remembers the same, best on another disk; null: none.</param>
    public static Result<WitnessFolder> Create(string folder, string? also, string name, IReadOnlyList<SignatureAlgorithm> algorithms, TimeProvider time)
    {
        if (IsThere(folder))
            return WitnessProblems.Unusable.Because($"There is a witness in {folder} already.", "Leave out --init to start it; another witness needs another folder.");
        try
        {
            var store = new FileKeyStore(Path.Combine(folder, "keys"));
            var vkeys = new StringBuilder();
            foreach (var algorithm in algorithms)
            {
                using var key = store.Names.Contains(algorithm.Word()) ? store.Open(algorithm.Word()) : store.Create(algorithm.Word(), algorithm);
                vkeys.Append(VerifierKey.Of(name, TypeOf(algorithm), key.Public)).Append('\n');
            }

            string[] memories = also is null ? [Memory(folder)] : [Memory(folder), also];
            if (!memories.All(one => File.Exists(Path.Combine(one, "origins"))))
                WitnessState.Create(memories).Dispose();
            var file = Path.Combine(folder, "vkeys");
            File.WriteAllText(file + ".new", vkeys.ToString());
            File.Move(file + ".new", file, overwrite: true);
        }
        catch (Exception e) when (e is KeyStoreException or WitnessException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return WitnessProblems.Unusable.Because(e.Message);
        }

        return Open(folder, also, time);
    }

    public static Result<WitnessFolder> Open(string folder, string? also, TimeProvider time)
    {
        if (!IsThere(folder))
            return WitnessProblems.Unusable.Because($"There is no witness in {folder}.", "cityhub witness --init --name NAME makes one; only once, because its key and its memory belong together.");
        WitnessFolder? opened = null;
        try
        {
            opened = new WitnessFolder(also is null ? WitnessState.Open(Memory(folder)) : WitnessState.Open(Memory(folder), also));
            var store = new FileKeyStore(Path.Combine(folder, "keys"));
            var signers = new List<NoteSigner>();
            foreach (var line in File.ReadAllLines(Path.Combine(folder, "vkeys")))
            {
                var verifier = VerifierKey.Parse(line);
                var key = store.Open(verifier.Type.Algorithm().Word());
                opened.keys.Add(key);
                var signer = new NoteSigner(verifier.Name, verifier.Type, key, time);
                if (!string.Equals(signer.Verifier.ToString(), line, StringComparison.Ordinal))
                    throw new FormatException($"The key {verifier.Type.Algorithm().Word()} in {folder} is not the one that {folder}/vkeys names.");
                signers.Add(signer);
            }

            opened.Signers = signers;
            return opened;
        }
        catch (Exception e) when (e is KeyStoreException or WitnessException or IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            opened?.Dispose();
            return WitnessProblems.Unusable.Because(e.Message);
        }
    }

    public void Dispose()
    {
        foreach (var key in keys)
            key.Dispose();
        State.Dispose();
    }

    private static string Memory(string folder) => Path.Combine(folder, "memory");

    private static NoteKeyType TypeOf(SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.MlDsa44 => NoteKeyType.MlDsa44Cosignature,
        SignatureAlgorithm.Sm2 => NoteKeyType.Sm2Cosignature,
        _ => NoteKeyType.Ed25519Cosignature,
    };
}
