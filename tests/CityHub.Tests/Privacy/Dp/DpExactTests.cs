using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>
/// Between the data and a release there is no floating-point number: the compiled code of every type whose source lies in Dp/Exact is read, its fields, signatures, locals, generic
/// arguments, instructions and all it calls.
/// </summary>
public sealed class DpExactTests
{
    static readonly string[] Floating = ["Double", "Single", "Half", "Decimal", "Math", "MathF", "NFloat", "Complex"];

    [Fact]
    public void No_floating_point_number_stands_between_the_data_and_a_release()
    {
        var (types, found) = Scan("/Dp/Exact/");
        Assert.Empty(found);
        foreach (var needed in (string[])["DiscreteLaplace", "DiscreteGaussian", "ExactRandom", "ExactRational", "ExactChoice", "ValueGrid", "BoundedRows", "CountMechanism", "MomentsMechanism", "QuantileMechanism",
            "TopKMechanism", "SparseVector", "MarginalsMechanism", "RandomisedResponse", "UnaryEncoding", "IntegerNoise"])
        {
            Assert.Contains(needed, types);
        }
    }

    [Fact]
    public void Outside_of_that_part_the_scan_finds_them_all()
    {
        var (_, found) = Scan("/Dp/Accounting/");
        Assert.Contains(found, one => one.StartsWith("RdpCurve.OfRho: signature", StringComparison.Ordinal));
        Assert.Contains(found, one => one.StartsWith("RdpCurve: field", StringComparison.Ordinal));
        Assert.Contains(found, one => one.StartsWith("GaussianTail.Bound: local", StringComparison.Ordinal));
        Assert.Contains(found, one => one.StartsWith("GaussianTail.Bound: instruction", StringComparison.Ordinal));
        Assert.Contains(found, one => one.StartsWith("GaussianTail.Bound: call of Math.Exp", StringComparison.Ordinal));
    }

    static (HashSet<string> Types, List<string> Found) Scan(string folder)
    {
        var path = typeof(DiscreteLaplace).Assembly.Location;
        using var image = new PEReader(File.OpenRead(path));
        Assert.True(image.TryOpenAssociatedPortablePdb(path, File.OpenRead, out var symbols, out _), "The symbols lie beside the library.");
        using (symbols)
        {
            Assert.NotNull(symbols);
            var scan = new ExactScan(image, image.GetMetadataReader(), symbols.GetMetadataReader(), folder);
            scan.Run();
            return (scan.Types, scan.Found);
        }
    }

    sealed class ExactScan(PEReader image, MetadataReader metadata, MetadataReader symbols, string folder)
    {
        readonly Kinds kinds = new();

        public HashSet<string> Types { get; } = [];

        public List<string> Found { get; } = [];

        public void Run()
        {
            foreach (var handle in metadata.TypeDefinitions)
            {
                var type = metadata.GetTypeDefinition(handle);
                if (!InFolder(type))
                    continue;
                var name = Name(handle);
                Types.Add(name);
                foreach (var field in type.GetFields())
                {
                    if (metadata.GetFieldDefinition(field).DecodeSignature(kinds, null))
                        Found.Add($"{name}: field {metadata.GetString(metadata.GetFieldDefinition(field).Name)}");
                }

                foreach (var method in type.GetMethods())
                    Method(name, method);
            }
        }

        /// <summary>A type belongs to the folder when any method of it, of a type it stands in or of one that stands in it has its source there.</summary>
        bool InFolder(TypeDefinition type)
        {
            for (var outer = type; ;)
            {
                if (Own(outer))
                    return true;
                if (outer.GetDeclaringType().IsNil)
                    return false;
                outer = metadata.GetTypeDefinition(outer.GetDeclaringType());
            }

            bool Own(TypeDefinition one) => one.GetMethods().Any(method =>
            {
                var document = symbols.GetMethodDebugInformation(method.ToDebugInformationHandle()).Document;
                return !document.IsNil && symbols.GetString(symbols.GetDocument(document).Name).Replace('\\', '/').Contains(folder, StringComparison.Ordinal);
            }) || one.GetNestedTypes().Any(nested => Own(metadata.GetTypeDefinition(nested)));
        }

        void Method(string type, MethodDefinitionHandle handle)
        {
            var method = metadata.GetMethodDefinition(handle);
            var name = $"{type}.{metadata.GetString(method.Name)}";
            if (Any(method.DecodeSignature(kinds, null)))
                Found.Add($"{name}: signature");
            if (method.RelativeVirtualAddress == 0)
                return;
            var body = image.GetMethodBody(method.RelativeVirtualAddress);
            if (!body.LocalSignature.IsNil && metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(kinds, null).Any(local => local))
                Found.Add($"{name}: local");
            Instructions(name, body.GetILReader());
        }

        void Instructions(string name, BlobReader il)
        {
            while (il.RemainingBytes > 0)
            {
                int code = il.ReadByte();
                if (code == 0xFE)
                    code = 0xFE00 | il.ReadByte();
                switch (code)
                {
                    // ldc.r4, ldc.r8; ldind and stind of both; conv of both and conv.r.un; ldelem and stelem of both; ckfinite
                    case 0x22 or 0x23 or 0x4E or 0x4F or 0x56 or 0x57 or 0x6B or 0x6C or 0x76 or 0x98 or 0x99 or 0xA0 or 0xA1 or 0xC3:
                        Found.Add($"{name}: instruction {code:X2}");
                        break;
                    // call, callvirt, newobj, ldftn, ldvirtftn, ldtoken, constrained, castclass, isinst, unbox, box, newarr, ldelema, ldelem, stelem, ldobj, stobj, initobj, sizeof, fields
                    case 0x28 or 0x6F or 0x73 or 0xFE06 or 0xFE07 or 0xD0 or 0xFE16 or 0x74 or 0x75 or 0x79 or 0xA5 or 0x8C or 0x8D or 0x8F or 0xA3 or 0xA4 or 0x71 or 0x81 or 0xFE15 or 0xFE1C or (>= 0x7B and <= 0x80):
                        Token(name, MetadataTokens.EntityHandle(il.ReadInt32()));
                        continue;
                }

                il.Offset += Operand(code, il);
            }
        }

        static int Operand(int code, BlobReader il) => code switch
        {
            0x21 or 0x23 => 8,
            0x45 => 4 + (4 * il.ReadInt32()),
            0x20 or 0x22 or 0x27 or 0x29 or 0x70 or 0x72 or 0xC2 or 0xC6 or 0xDD => 4,
            >= 0x38 and <= 0x44 => 4,
            >= 0x0E and <= 0x13 => 1,
            0x1F or 0xDE or 0xFE12 or 0xFE19 => 1,
            >= 0x2B and <= 0x37 => 1,
            >= 0xFE09 and <= 0xFE0E => 2,
            _ => 0,
        };

        void Token(string name, EntityHandle token)
        {
            switch (token.Kind)
            {
                case HandleKind.MethodSpecification:
                    var specification = metadata.GetMethodSpecification((MethodSpecificationHandle)token);
                    if (specification.DecodeSignature(kinds, null).Any(argument => argument))
                        Found.Add($"{name}: generic argument");
                    Token(name, specification.Method);
                    break;
                case HandleKind.MemberReference:
                    var member = metadata.GetMemberReference((MemberReferenceHandle)token);
                    var whose = Type(member.Parent);
                    if (whose.Floating || (member.GetKind() == MemberReferenceKind.Method ? Any(member.DecodeMethodSignature(kinds, null)) : member.DecodeFieldSignature(kinds, null)))
                        Found.Add($"{name}: call of {whose.Name}.{metadata.GetString(member.Name)}");
                    break;
                case HandleKind.MethodDefinition:
                    var method = metadata.GetMethodDefinition((MethodDefinitionHandle)token);
                    if (Any(method.DecodeSignature(kinds, null)))
                        Found.Add($"{name}: call of {Name(method.GetDeclaringType())}.{metadata.GetString(method.Name)}");
                    break;
                case HandleKind.FieldDefinition:
                    if (metadata.GetFieldDefinition((FieldDefinitionHandle)token).DecodeSignature(kinds, null))
                        Found.Add($"{name}: use of a field");
                    break;
                case HandleKind.TypeReference or HandleKind.TypeSpecification:
                    if (Type(token).Floating)
                        Found.Add($"{name}: use of {Type(token).Name}");
                    break;
            }
        }

        (string Name, bool Floating) Type(EntityHandle handle) => handle.Kind switch
        {
            HandleKind.TypeReference => Kinds.Of(metadata, (TypeReferenceHandle)handle),
            HandleKind.TypeSpecification => ("", metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(kinds, null)),
            _ => ("", false),
        };

        string Name(TypeDefinitionHandle handle) => metadata.GetString(metadata.GetTypeDefinition(handle).Name);

        static bool Any(MethodSignature<bool> signature) => signature.ReturnType || signature.ParameterTypes.Any(one => one);
    }

    /// <summary>Whether a type is, or holds as an argument or element, a floating-point one.</summary>
    sealed class Kinds : ISignatureTypeProvider<bool, object?>
    {
        public static (string Name, bool Floating) Of(MetadataReader reader, TypeReferenceHandle handle)
        {
            var type = reader.GetTypeReference(handle);
            var name = reader.GetString(type.Name);
            return (name, Floating.Contains(name));
        }

        public bool GetPrimitiveType(PrimitiveTypeCode code) => code is PrimitiveTypeCode.Double or PrimitiveTypeCode.Single;

        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte kind) => Of(reader, handle).Floating;

        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte kind) => false;

        public bool GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte kind) => reader.GetTypeSpecification(handle).DecodeSignature(this, context);

        public bool GetGenericInstantiation(bool generic, System.Collections.Immutable.ImmutableArray<bool> arguments) => generic || arguments.Any(one => one);

        public bool GetArrayType(bool element, ArrayShape shape) => element;

        public bool GetSZArrayType(bool element) => element;

        public bool GetByReferenceType(bool element) => element;

        public bool GetPointerType(bool element) => element;

        public bool GetPinnedType(bool element) => element;

        public bool GetModifiedType(bool modifier, bool unmodified, bool required) => unmodified;

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => signature.ReturnType || signature.ParameterTypes.Any(one => one);

        public bool GetGenericMethodParameter(object? context, int index) => false;

        public bool GetGenericTypeParameter(object? context, int index) => false;
    }
}
